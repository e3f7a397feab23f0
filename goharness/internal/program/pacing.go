package program

import wire "scavdiff/goharness/internal/wire/pageheap/v1"

// performPacing is perform for the operations that pace the scavenger.
func (r *Runner) performPacing(operation *wire.Operation) (did bool, err error) {
	heap := r.heap
	switch o := operation.GetOperation().(type) {
	case *wire.Operation_Tick:
		heap.Tick(int64(o.Tick.GetDurationNs()))
	case *wire.Operation_Timer:
		return heap.FireTimer(), nil
	case *wire.Operation_Sysmon:
		r.give(word(heap.Sysmon()))
	case *wire.Operation_Wake:
		heap.Wake()
	case *wire.Operation_Ready:
		heap.Ready()
	case *wire.Operation_Gomaxprocs:
		heap.SetProcessors(int32(o.Gomaxprocs.GetCount()))
	case *wire.Operation_ScavengeCost:
		heap.SetScavengeCost(int64(o.ScavengeCost.GetCostNs()))
	case *wire.Operation_Faketime:
		heap.SetFaketime(o.Faketime.GetOn())
	case *wire.Operation_Scavtrace:
		heap.SetScavtrace(o.Scavtrace.GetOn())
	case *wire.Operation_Pace:
		heap.Pace(o.Pace.GetHeapGoal(), o.Pace.GetLastHeapGoal())
	case *wire.Operation_MarkTermination:
		heap.MarkTermination(o.MarkTermination.GetHeapGoal(), o.MarkTermination.GetLastHeapGoal())
	case *wire.Operation_SweepDone:
		heap.SweepDone()
	case *wire.Operation_Gc:
		heap.MarkTermination(o.Gc.GetHeapGoal(), o.Gc.GetLastHeapGoal())
		heap.SweepDone()
	case *wire.Operation_ScavengeAll:
		heap.ScavengeAll()
	case *wire.Operation_Span:
		return true, r.span(o.Span)
	case *wire.Operation_HeapRetained:
		r.give(heap.Retained())
	case *wire.Operation_PrintScavTrace:
		trace := o.PrintScavTrace
		heap.PrintTrace(trace.GetGeneration(), trace.GetReleased(), trace.GetForced())
	default:
		return r.performOutside(operation)
	}
	return true, nil
}

// span leaves the slot empty if the heap cannot grow.
func (r *Runner) span(o *wire.Span) error {
	address, scavenged, growth, err := r.heap.Span(o.GetPageCount(), r.checkChunks)
	if err != nil {
		return err
	}
	r.keepSpan(o.GetSlot(), address, o.GetPageCount(), scavenged)
	r.give(address, scavenged, growth)
	return nil
}

// validatePacing checks an operation that paces the scavenger. It says false if the operation is not one.
func (r *Runner) validatePacing(check *checker, operation *wire.Operation) (known bool) {
	switch o := operation.GetOperation().(type) {
	case *wire.Operation_Tick:
		check.pacingOnly("tick")
		check.atMost("duration_ns", o.Tick.GetDurationNs(), tickMax)
	case *wire.Operation_Timer:
		check.pacingOnly("timer")
	case *wire.Operation_Sysmon:
		check.pacingOnly("sysmon")
	case *wire.Operation_Wake:
		check.pacingOnly("wake")
	case *wire.Operation_Ready:
		check.pacingOnly("ready")
	case *wire.Operation_Gomaxprocs:
		check.pacingOnly("gomaxprocs")
		check.countWithin("count", o.Gomaxprocs.GetCount(), processorsMax, processorsOutside)
	case *wire.Operation_ScavengeCost:
		check.pacingOnly("scavenge_cost")
		check.atMost("cost_ns", o.ScavengeCost.GetCostNs(), scavengeCostMax)
	case *wire.Operation_Faketime:
		check.pacingOnly("faketime")
	case *wire.Operation_Scavtrace:
		check.pacingOnly("scavtrace")
	case *wire.Operation_Pace:
		check.pacingOnly("pace")
	case *wire.Operation_MarkTermination:
		check.pacingOnly("mark_termination")
	case *wire.Operation_SweepDone:
		check.pacingOnly("sweep_done")
	case *wire.Operation_Gc:
		check.pacingOnly("gc")
	case *wire.Operation_ScavengeAll:
		check.pacingOnly("scavenge_all")
	case *wire.Operation_Span:
		check.pacingOnly("span")
		declare(check, &r.spans, "s", o.Span.GetSlot())
		check.countWithin("page_count", o.Span.GetPageCount(), spanPagesMax, spanPagesOutside)
	case *wire.Operation_HeapRetained:
		check.pacingOnly("heap_retained")
	case *wire.Operation_PrintScavTrace:
		check.pacingOnly("print_scav_trace")
	case *wire.Operation_PokePhysPage:
		check.pacingAndOutsideOnly("poke_phys_page")
		check.physPage("byte_count", o.PokePhysPage.GetByteCount())
	case *wire.Operation_PokeStats:
		check.pacingAndOutsideOnly("poke_stats")
	case *wire.Operation_PokeClock:
		check.pacingAndOutsideOnly("poke_clock")
	default:
		return false
	}
	return true
}

func (c *checker) pacingOnly(name string) {
	c.name = name
	if !c.pacing {
		c.fail("", "allowed only in a program that is labelled pacing")
	}
}

func (c *checker) pacingAndOutsideOnly(name string) {
	c.pacingOnly(name)
	c.outsideOnly(name)
}

// countWithin checks a count of at least 1 and at most most; outside the contract, of 0 and mostOutside.
func (c *checker) countWithin(field string, value, most, mostOutside uint64) {
	if c.outside {
		c.atMost(field, value, mostOutside)
	} else if value < 1 || value > most {
		c.fail(field, "%d is not in [1, %d]", value, most)
	}
}

func (c *checker) physPage(field string, byteCount uint64) {
	if byteCount%physPageMin != 0 || byteCount < physPageMin || byteCount > physPagePokedMax {
		c.fail(field, "%d is no multiple of %d in [%d, %d]", byteCount, physPageMin, physPageMin, physPagePokedMax)
	}
}
