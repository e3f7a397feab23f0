package program

import (
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// Session runs single operations on one page heap and answers each with its whole state: the naive way to test it, which
// the benchmarks measure beside programs. It knows no pacing.
type Session struct {
	runner   *Runner
	header   *wire.Program
	count    int
	isFailed bool
}

// NewSession makes a session; Begin must come before Perform.
func NewSession() *Session { return &Session{runner: NewRunner()} }

// Close gives the page heap's memory back.
func (s *Session) Close() { s.runner.Close() }

// Begin makes the page heap clean, with the page sizes and the label of a program; its operations are not run.
func (s *Session) Begin(header *wire.Program) error {
	if err := validateHeader(header); err != nil {
		return err
	}
	r := s.runner
	if s.header != nil {
		contained := !s.isFailed && !s.header.GetOutsideContract()
		_ = s.use(func() error { r.heap.Clean(contained); return nil })
		r.recorder.Reset()
		r.clearSlots()
	}
	s.header, s.count, s.isFailed = header, 0, false
	return s.use(func() error { r.heap.Start(); return nil })
}

// Perform runs one operation and returns its Step, whose observation is complete. The bytes are valid until the next call.
func (s *Session) Perform(operation *wire.Operation) (step []byte, err error) {
	if err := s.runner.validateOperation(s.count, operation, s.header); err != nil {
		return nil, err
	}
	s.count++
	err = s.use(func() error {
		s.isFailed, err = s.runner.runStep(operation, true)
		return err
	})
	return s.runner.step, err
}

func (s *Session) use(run func() error) error {
	pageSize, hugePageSize := uintptr(s.header.GetPhysPageSize()), uintptr(s.header.GetPhysHugePageSize())
	return s.runner.heap.Use(pageSize, hugePageSize, run)
}
