package pageheap

import (
	"iter"
	debugging "runtime/debug"
)

// The runtime's goroutines, timers and parking, as far as the background scavenger needs them: it is a coroutine on a
// virtual clock. Time passes only where a program says so and in sysUnused.

// g is a goroutine: the caller, or the background scavenger.
type g struct {
	m *m
}

// m is a thread.
type m struct {
	mallocing int32
}

// gList is the list of goroutines that are made runnable.
type gList struct{ head *g }

func (l *gList) push(gp *g) { l.head = gp }

// timer is armed while when is not 0.
type timer struct {
	f    func(any, uintptr)
	when int64
}

// clock is a page heap's virtual time.
type clock struct {
	now         int64
	costPerPage int64

	// The caller's goroutine.
	mainG g
	mainM m

	// The background scavenger's: nil before it is started.
	backgroundG *g
	resume      func() (struct{}, bool)
	stop        func()
	yield       func(struct{}) bool
	runnable    bool
	running     bool

	// bgscavenge's locals: nil until it declares them, which is after its first park.
	controller *piController
	sleepRatio *float64
	cooldown   *int64
}

const (
	clockStart         = 1
	costPerPageDefault = 10_000
	// emptySearchCost is how long a search of the background scavenger takes that finds nothing.
	emptySearchCost = 10_000
)

func (c *clock) reset() {
	c.stopBackground()
	*c = clock{now: clockStart, costPerPage: costPerPageDefault}
	c.mainG.m = &c.mainM
}

// taskStopped unwinds a coroutine whose page heap goes away.
type taskStopped struct{}

// StartBackground starts bgscavenge and runs it until it parks. It is called once for a program, before its first
// operation. Go: gcenable, mgc.go.
func (h *Heap) StartBackground() {
	c := &h.clock
	c.backgroundG = &g{m: new(m)}
	started := make(chan int, 1)
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		debugging.SetPanicOnFault(true)
		defer func() {
			recovered := recover()
			if _, stopped := recovered.(taskStopped); !stopped {
				failure, err := h.Explain(recovered)
				panic(explained{failure, err})
			}
		}()
		bgscavenge(started)
		panic("the background scavenger returned")
	})
	c.runnable = true
	h.Settle()
}

// BackgroundStarted tells whether StartBackground was called.
func (h *Heap) BackgroundStarted() bool { return h.clock.backgroundG != nil }

// Settle runs the background scavenger until it is parked.
func (h *Heap) Settle() {
	c := &h.clock
	for c.runnable {
		c.runnable = false
		c.running = true
		c.resume()
		c.running = false
	}
}

func (c *clock) stopBackground() {
	if c.stop != nil {
		c.stop()
	}
}

func getg() *g {
	if c := &current.clock; !c.running {
		return &c.mainG
	}
	return current.clock.backgroundG
}

func goparkunlock(l *mutex, _ waitReason, _ byte, _ int) {
	c := &current.clock
	if !c.running {
		panic("park outside the background scavenger")
	}
	unlock(l)
	if !c.yield(struct{}{}) {
		panic(taskStopped{})
	}
}

func injectglist(list *gList) {
	c := &current.clock
	if list.head == nil || list.head != c.backgroundG {
		panic("only the background scavenger can be made runnable")
	}
	c.runnable = true
}

func nanotime() int64 { return current.clock.now }

// resetTimer arms a timer. A time that is not positive is refused as in modtimer, time.go.
func resetTimer(t *timer, when int64) bool {
	if when <= 0 {
		throw("timer when must be positive")
	}
	armed := t.when != 0
	t.when = when
	return armed
}

func stopTimer(t *timer) bool {
	armed := t.when != 0
	t.when = 0
	return armed
}

// observeBackground is called by bgscavenge once it has declared the locals that it paces itself with.
func observeBackground(controller *piController, sleepRatio *float64, cooldown *int64) {
	c := &current.clock
	c.controller, c.sleepRatio, c.cooldown = controller, sleepRatio, cooldown
}

// searchTakesTime is called by bgscavenge after each call of scavenge. What was released took its time in sysUnused; a
// search that found nothing takes time here, for bgscavenge repeats it until a millisecond has passed.
func searchTakesTime(released uintptr) {
	if released == 0 {
		current.clock.now += emptySearchCost
	}
}
