package pageheap

import (
	"fmt"
	"runtime"
	"strings"
)

// Kind tells how Go's code failed.
type Kind int

// The kinds of failure.
const (
	Thrown Kind = iota + 1
	Bounds
	NilDereference
	MemoryFault
	Divide
)

// Failure is a throw or a run-time panic of Go's code.
type Failure struct {
	Kind Kind
	// Text is Go's; for a run-time panic it starts with "runtime error: ".
	Text string
}

// thrown is what throw panics with.
type thrown string

func throw(text string) { panic(thrown(text)) }

// Explain turns a recovered panic into the failure of Go's code that it is. It must be called by the function that
// recovered it, while the stack of the panic still stands. It returns an error for a panic of the harness's own code.
func (h *Heap) Explain(recovered any) (Failure, error) {
	if text, ok := recovered.(thrown); ok {
		return Failure{Thrown, string(text)}, nil
	}
	if earlier, ok := recovered.(explained); ok {
		return earlier.failure, earlier.err
	}
	runtimeError, ok := recovered.(runtime.Error)
	if !ok || !raisedByGo() {
		return Failure{}, fmt.Errorf("the harness itself panicked: %v\n%s", recovered, stack())
	}
	kind, err := h.kindOf(runtimeError)
	return Failure{kind, runtimeError.Error()}, err
}

// explained carries what Explain said in a coroutine to the function that resumed it.
type explained struct {
	failure Failure
	err     error
}

func (h *Heap) kindOf(runtimeError runtime.Error) (Kind, error) {
	text := runtimeError.Error()
	if fault, ok := runtimeError.(interface{ Addr() uintptr }); ok {
		if !h.memory.reserves(fault.Addr()) {
			return 0, fmt.Errorf("a fault at 0x%x, which is no summary's address", fault.Addr())
		}
		return MemoryFault, nil
	}
	switch {
	case strings.Contains(text, "nil pointer dereference"):
		return NilDereference, nil
	case strings.Contains(text, "divide by zero"):
		return Divide, nil
	case strings.Contains(text, "out of range"):
		return Bounds, nil
	}
	return 0, fmt.Errorf("a run-time panic of unknown kind: %s", text)
}

// raisedByGo tells whether the function that panicked was cut out of Go's source: its file is named by a //line
// directive, and every hand-written file is named otherwise.
func raisedByGo() bool {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !isRuntime {
			return goFiles[frame.File[strings.LastIndexByte(frame.File, '/')+1:]]
		}
		panicking = panicking || isRuntime
		if !more {
			return false
		}
	}
}

// goFiles names the files of Go's source that Go's code may panic in.
var goFiles = map[string]bool{
	"mgcscavenge.go": true, "mpagealloc.go": true, "mpagealloc_64bit.go": true, "mpagecache.go": true,
	"mpallocbits.go": true, "mranges.go": true, "mgcpacer.go": true, "mheap.go": true,
}

func stack() string {
	buffer := make([]byte, 16<<10)
	return string(buffer[:runtime.Stack(buffer, false)])
}
