// Package program runs programs on a page heap and answers with transcripts; docs/programs.md gives each operation's
// rule.
package program

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"scavdiff/goharness/internal/observation"
	"scavdiff/goharness/internal/pageheap"
	"scavdiff/goharness/internal/series"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// Runner runs one program after the other, each on a clean page heap.
type Runner struct {
	heap     *pageheap.Heap
	recorder *observation.Recorder

	spans        slots[span]
	caches       slots[cache]
	reservations slots[reservation]

	// Scratch memory, kept from one operation to the next.
	step     []byte
	state    []byte
	outcome  []byte
	values   []uint64
	freed    []pageRun
	reached  []byte
	lastSize int

	// maker makes the programs of a series; scratch holds their transcripts.
	maker   series.Maker
	scratch []byte

	// observe appends the observation of an operation that returned, from what it touched; a test looks at everything
	// beside it.
	observe func(r *Runner, to []byte) []byte
}

// NewRunner makes a runner with a page heap of its own.
func NewRunner() *Runner {
	heap := pageheap.New()
	return &Runner{
		heap:         heap,
		recorder:     observation.NewRecorder(heap),
		spans:        newSlots[span](),
		caches:       newSlots[cache](),
		reservations: newSlots[reservation](),
		observe:      (*Runner).appendTouched,
	}
}

// Close gives the page heap's memory back.
func (r *Runner) Close() { r.heap.Close() }

// Run runs a program and returns its transcript in the canonical encoding. An error is a gRPC status: of a program that
// breaks a rule or a limit, or, with the code INTERNAL, of a fault of the harness, after which the runner is of no use.
func (r *Runner) Run(p *wire.Program) (transcript []byte, err error) {
	if p.Series != nil {
		return r.runSeries(p)
	}
	to := make([]byte, 0, max(transcriptBytesMin, r.lastSize+r.lastSize/8))
	transcript, err = r.runProgram(to, p)
	r.lastSize = len(transcript)
	return transcript, err
}

// runProgram appends the transcript of a program.
func (r *Runner) runProgram(to []byte, p *wire.Program) (transcript []byte, err error) {
	defer r.clearSlots()
	if err := r.validate(p); err != nil {
		return nil, err
	}
	pageSize, hugePageSize := uintptr(p.GetPhysPageSize()), uintptr(p.GetPhysHugePageSize())
	err = r.heap.Use(pageSize, hugePageSize, func() error {
		r.heap.Start()
		if p.GetPacing() {
			r.heap.StartBackground()
			r.recorder.ObservePacing()
		}
		if p.GetCount() {
			pageheap.AppendReached(nil) // clears what starting took
		}
		var failed bool
		transcript, failed, err = r.runOperations(to, p)
		if p.GetCount() && err == nil {
			r.reached = pageheap.AppendReached(r.reached[:0])
			transcript = observation.AppendMessage(transcript, transcriptReached, r.reached)
		}
		r.heap.Clean(err == nil && !failed && !p.GetOutsideContract())
		r.recorder.Reset()
		return err
	})
	return transcript, err
}

func (r *Runner) clearSlots() {
	r.spans.clear(func(s *span) { s.filled = false })
	r.caches.clear(func(c *cache) { *c = cache{} })
	r.reservations.clear(func(s *reservation) { *s = reservation{} })
}

// Field numbers of Transcript and Step in pageheap.proto.
const (
	transcriptProgramID = 1
	transcriptStart     = 2
	transcriptSteps     = 3
	transcriptEnd       = 4
	transcriptReached   = 6

	stepOutcome     = 1
	stepPrinted     = 2
	stepObservation = 3
)

func (r *Runner) runOperations(to []byte, p *wire.Program) (transcript []byte, failed bool, err error) {
	to = observation.AppendFixed64(to, transcriptProgramID, p.GetId())
	r.state = r.recorder.AppendComplete(r.state[:0])
	to = observation.AppendMessage(to, transcriptStart, r.state)

	checkpointInterval := p.GetCheckpointInterval()
	for i, operation := range p.Operations {
		isCheckpoint := checkpointInterval != 0 && uint64(i+1)%checkpointInterval == 0
		if failed, err = r.runStep(operation, isCheckpoint); err != nil {
			return nil, failed, err
		}
		to = observation.AppendMessage(to, transcriptSteps, r.step)
		if len(to) > TranscriptBytesMax {
			return nil, failed, exhausted("the transcript is larger than %d bytes at operations[%d]", TranscriptBytesMax, i)
		}
		if failed {
			break
		}
	}
	r.state = r.recorder.AppendComplete(r.state[:0])
	to = observation.AppendMessage(to, transcriptEnd, r.state)
	if len(to) > TranscriptBytesMax {
		return nil, failed, exhausted("the transcript is larger than %d bytes at its end", TranscriptBytesMax)
	}
	return to, failed, nil
}

// runStep runs one operation and leaves its Step in r.step.
func (r *Runner) runStep(operation *wire.Operation, isCheckpoint bool) (failed bool, err error) {
	failed, err = r.attempt(operation)
	if err != nil {
		return failed, err
	}
	step := observation.AppendMessage(r.step[:0], stepOutcome, r.outcome)
	if printed := r.heap.TakePrinted(); len(printed) != 0 {
		step = observation.AppendMessage(step, stepPrinted, printed)
	}
	switch {
	case isCheckpoint:
		r.heap.TakeTouched()
		r.state = r.recorder.AppendComplete(r.state[:0])
	case failed:
		r.heap.TakeTouched()
		r.state = r.recorder.AppendScanned(r.state[:0])
	default:
		r.state = r.observe(r, r.state[:0])
	}
	r.step = observation.AppendMessage(step, stepObservation, r.state)
	return failed, nil
}

func (r *Runner) appendTouched(to []byte) []byte {
	if touched, isAll := r.heap.TakeTouched(); isAll {
		return r.recorder.AppendTouched(to, touched)
	}
	return r.recorder.AppendScanned(to)
}

// attempt runs one operation and leaves its Outcome in r.outcome, whatever becomes of it.
func (r *Runner) attempt(operation *wire.Operation) (failed bool, err error) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		failed = true
		failure, explanation := r.heap.Explain(recovered)
		if explanation != nil {
			err = status.Error(codes.Internal, explanation.Error())
			return
		}
		r.outcome = appendFailure(r.outcome[:0], failure)
	}()
	r.values = r.values[:0]
	did, err := r.perform(operation)
	if err != nil {
		return false, err
	}
	r.outcome = appendReturn(r.outcome[:0], did, r.values)
	return false, nil
}

// Field numbers of Outcome, Returned, Thrown and Panicked in pageheap.proto.
const (
	outcomeNothing  = 1
	outcomeReturned = 2
	outcomeThrown   = 3
	outcomePanicked = 4
)

func appendReturn(to []byte, did bool, values []uint64) []byte {
	if !did {
		return observation.AppendMessage(to, outcomeNothing, nil)
	}
	if len(values) == 0 {
		return observation.AppendMessage(to, outcomeReturned, nil)
	}
	return observation.AppendWordsMessage(to, outcomeReturned, 1, values)
}

func appendFailure(to []byte, failure pageheap.Failure) []byte {
	if failure.Kind == pageheap.Thrown {
		return observation.AppendMessage(to, outcomeThrown, observation.AppendText(nil, 1, failure.Text))
	}
	panicked := observation.AppendEnum(nil, 1, uint64(panicKinds[failure.Kind]))
	return observation.AppendMessage(to, outcomePanicked, observation.AppendText(panicked, 2, failure.Text))
}

var panicKinds = map[pageheap.Kind]wire.PanicKind{
	pageheap.Bounds:         wire.PanicKind_PANIC_KIND_BOUNDS,
	pageheap.NilDereference: wire.PanicKind_PANIC_KIND_NIL_DEREFERENCE,
	pageheap.MemoryFault:    wire.PanicKind_PANIC_KIND_MEMORY_FAULT,
	pageheap.Divide:         wire.PanicKind_PANIC_KIND_DIVIDE,
}
