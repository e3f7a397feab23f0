package pageheap

import (
	debugging "runtime/debug"
	"sync"
)

// The package-level variables that the runtime's code names. Each page heap has its own; use points them to it and holds
// currentLock for as long as they do. Without a page heap they are what Go's own tests need; the sizes are the machine's.
var (
	physPageSize     uintptr = idlePageSize
	physHugePageSize uintptr = idleHugePageSize
	gomaxprocs       int32
	faketime         int64
	debug            debugSettings

	mheap_   *mheap
	memstats *mstats
	scavenge *scavengeState

	// current is the page heap that the variables belong to; nil while Go's own tests run.
	current *Heap
)

// currentLock protects all the variables above.
var currentLock sync.Mutex

type debugSettings struct {
	scavtrace int32
}

// surroundings is what the page heap's code reaches through package-level variables.
type surroundings struct {
	mheap    mheap
	memstats mstats
	scavenge scavengeState
}

func pointVariables(to *surroundings) {
	mheap_ = &to.mheap
	memstats = &to.memstats
	scavenge = &to.scavenge
}

// Use makes h the current page heap, with the given sizes in bytes, for as long as run runs. One page heap is current at
// a time; other callers wait.
func (h *Heap) Use(pageSize, hugePageSize uintptr, run func() error) error {
	currentLock.Lock()
	defer currentLock.Unlock()
	defer debugging.SetPanicOnFault(debugging.SetPanicOnFault(true))
	h.enter(pageSize, hugePageSize)
	defer leave()
	return run()
}

func (h *Heap) enter(pageSize, hugePageSize uintptr) {
	physPageSize, physHugePageSize = pageSize, hugePageSize
	gomaxprocs, faketime, debug = gomaxprocsStart, 0, debugSettings{}
	pointVariables(h.surroundings)
	current = h
}

func leave() {
	physPageSize, physHugePageSize = idlePageSize, idleHugePageSize
	gomaxprocs, faketime, debug = gomaxprocsStart, 0, debugSettings{}
	pointVariables(idle)
	current = nil
}

const (
	idlePageSize     = 4096
	idleHugePageSize = 2 << 20
	gomaxprocsStart  = 4
)

// idle is what the variables point to while no page heap is current, so that Go's own tests can run.
var idle = new(surroundings)

func init() { leave() }
