package program

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

const second = 1_000_000_000

// numbersAfter runs a program on a fresh page heap and returns, for each step, all numbers of the state after it.
func numbersAfter(t *testing.T, p *wire.Program) ([]*wire.Observation, []*wire.Step) {
	t.Helper()
	transcript := runFresh(t, p)
	known := newKnowledge()
	known.apply(transcript.Start)
	var numbers []*wire.Observation
	for _, step := range transcript.Steps {
		known.apply(step.Observation)
		numbers = append(numbers, proto.CloneOf(known.rest))
	}
	return numbers, transcript.Steps
}

// lastNumbers is numbersAfter's last step.
func lastNumbers(t *testing.T, p *wire.Program) (*wire.Observation, *wire.Step) {
	t.Helper()
	numbers, steps := numbersAfter(t, p)
	return numbers[len(numbers)-1], steps[len(steps)-1]
}

// sawtooth is a heap of 256 MiB in spans of 128 KiB, of which three in four are freed.
func sawtooth() (operations []*wire.Operation) {
	for slot := range uint32(2048) {
		operations = append(operations, newSpan(slot, 16))
	}
	for slot := range uint32(2048) {
		if slot%4 != 0 {
			operations = append(operations, free(slot))
		}
	}
	return operations
}

func retainedBytes(o *wire.Observation) uint64 { return o.GetHeapSys() - o.GetHeapReleased() }

func TestTenSecondsOfScavengingAreThoseThatWereMeasured(t *testing.T) {
	p := pacingProgram(sawtooth()...)
	p.Operations = append(p.Operations,
		gomaxprocs(8), scavtrace(true), markTermination(1<<20, 1<<20), sweepDone(), sysmon())
	begin := len(p.Operations)
	for i := range 10 {
		p.Operations = append(p.Operations, tick(second))
		if i == 4 {
			p.Operations = append(p.Operations, startGen())
		}
	}
	p.Operations = append(p.Operations, scavengeAll())
	numbers, steps := numbersAfter(t, p)

	printed := ""
	for _, step := range steps {
		printed += step.GetPrinted()
	}
	const wantPrinted = `scav 0 0 KiB work, 0 KiB total, 25% util
scav 1 157696 KiB work, 157696 KiB total, 62% util
scav 2 32384 KiB work, 190080 KiB total, 90% util
scav 3 6528 KiB work, 196608 KiB total, 100% util (forced)
`
	if printed != wantPrinted {
		t.Errorf("printed\n%s", printed)
	}
	if first := numbers[begin-1]; first.GetNowNs() != 1_120_001 || first.GetScavengeTimerNs() != 1_121_120_001 ||
		first.GetScavengeGoal() != 73_822_208 || first.GetHeapReleased() != 458_752 {
		t.Errorf("at the start: %v", first)
	}
	for i, want := range []struct{ released, retained uint64 }{
		{458_752, 267_976_704}, {62_849_024, 205_586_432}, {95_879_168, 172_556_288}, {128_450_560, 139_984_896},
		{161_480_704, 106_954_752}, {161_480_704, 106_954_752}, {194_052_096, 74_383_360},
		{194_641_920, 73_793_536}, {194_641_920, 73_793_536}, {194_641_920, 73_793_536}, {194_641_920, 73_793_536},
	} {
		if got := numbers[begin+i]; got.GetHeapReleased() != want.released || retainedBytes(got) != want.retained {
			t.Errorf("tick %d: released %d, retained %d, want %v", i, got.GetHeapReleased(), retainedBytes(got), want)
		}
	}
	if end := numbers[begin+10]; end.GetScavengeParked() != 1 || end.GetScavengeTimerNs() != 0 {
		t.Errorf("at the end: %v", end)
	}
}

func TestParkedAndSleepingDifferByTheTimer(t *testing.T) {
	p := pacingProgram(append(sawtooth(), markTermination(1, 1), sweepDone(), wake(), timer(), tick(1))...)
	numbers, _ := numbersAfter(t, p)
	woken, fired := numbers[len(numbers)-3], numbers[len(numbers)-2]
	if started := runFresh(t, p).Start; started.GetBackgroundStarted() != 1 || started.GetScavengeParked() != 1 || started.GetScavengeTimerNs() != 0 ||
		started.GetCritSleepRatio() != 0 {
		t.Errorf("at the start: %v", started)
	}
	// 1.12 ms at the least ratio of 0.001.
	if woken.GetScavengeTimerNs() != woken.GetNowNs()+1_120_000_000 || woken.GetScavengeSysmonWake() != 0 ||
		woken.GetCritSleepRatio() != math.Float64bits(0.001) {
		t.Errorf("after the wake: %v", woken)
	}
	if fired.GetNowNs() != woken.GetScavengeTimerNs()+1_120_000 || fired.GetControllerErrIntegral() == 0 {
		t.Errorf("after the timer: %v", fired)
	}
}

func TestATickNeverTurnsTheClockBack(t *testing.T) {
	// The timer fires at the tick's last nanosecond, and the work that it starts takes 1.12 ms.
	numbers, _ := lastNumbers(t, pacingProgram(append(sawtooth(),
		markTermination(1, 1), sweepDone(), wake(), tick(1_120_000_000))...))
	if got := numbers.GetNowNs(); got != 1+1_120_000+1_120_000_000+1_120_000 {
		t.Errorf("the clock is at %d", got)
	}
	numbers, _ = lastNumbers(t, outsidePacingProgram(pokeClock(math.MaxInt64), tick(1)))
	if got := numbers.GetNowNs(); got != math.MaxInt64 {
		t.Errorf("at its end, the clock is at %d", got)
	}
}

func TestSysmonAndTimerDoNothingWhenThereIsNothing(t *testing.T) {
	_, steps := numbersAfter(t, pacingProgram(sysmon(), timer(), ready(), sysmon(), sysmon()))
	for i, want := range []*wire.Outcome{returned(0), nothing(), returned(), returned(1), returned(0)} {
		if !proto.Equal(steps[i].Outcome, want) {
			t.Errorf("step %d: got %v, want %v", i, steps[i].Outcome, want)
		}
	}
}

func TestACollectionIsItsTwoParts(t *testing.T) {
	parts := runFresh(t, pacingProgram(append(sawtooth(), markTermination(1<<20, 1<<20), sweepDone(), tick(second))...))
	whole := runFresh(t, pacingProgram(append(sawtooth(), gc(1<<20, 1<<20), tick(second))...))
	if !proto.Equal(parts.End, whole.End) {
		t.Errorf("got %v, want %v", whole.End, parts.End)
	}
	if got := whole.End; got.GetScavGen() != 1 || got.GetLastHeapInuse() == 0 || got.GetHeapReleased() == 0 {
		t.Errorf("it did nothing: %v", got)
	}
}

func TestATickBeginsWithSysmonsLook(t *testing.T) {
	numbers, _ := numbersAfter(t, pacingProgram(append(sawtooth(), gc(1, 1), tick(0), ready(), tick(0), tick(0))...))
	looked, again, asleep := numbers[len(numbers)-4], numbers[len(numbers)-2], numbers[len(numbers)-1]
	if looked.GetNowNs() != 1_120_001 || looked.GetScavengeTimerNs() != looked.GetNowNs()+1_120_000_000 ||
		looked.GetScavengeSysmonWake() != 0 {
		t.Errorf("after the first tick: %v", looked)
	}
	if again.GetNowNs() != 2_240_001 || !proto.Equal(again, asleep) {
		t.Errorf("woken from its sleep: %v, then %v", again, asleep)
	}
}

func nothing() *wire.Outcome {
	return &wire.Outcome{Outcome: &wire.Outcome_Nothing{Nothing: &wire.Nothing{}}}
}

func TestAControllerThatBreaksDownCoolsDownAndSaysSoOnce(t *testing.T) {
	p := outsidePacingProgram(append(sawtooth(),
		markTermination(1, 1), sweepDone(), scavtrace(true), gomaxprocs(0), wake(), timer(),
		gomaxprocs(4), tick(2*second), startGen(), startGen(), tick(4*second))...)
	numbers, steps := numbersAfter(t, p)
	last := len(steps) - 1
	broken, cooling, cooled := numbers[last-5], numbers[last-3], numbers[last]
	if broken.GetControllerInputOverflow() != 1 || broken.GetControllerCooldownNs() != 5*second ||
		broken.GetScavengePrintControllerReset() != 1 || broken.GetCritSleepRatio() != math.Float64bits(0.001) {
		t.Errorf("broken down: %v", broken)
	}
	// Each sleep of 1.12 s and its 1.12 ms of work are paid off.
	if got := cooling.GetControllerCooldownNs(); got != 5*second-(1_120_000_000+1_120_000) {
		t.Errorf("cooling down: %d ns left", got)
	}
	if got := cooled.GetControllerCooldownNs(); got != 0 || cooled.GetScavengePrintControllerReset() != 0 {
		t.Errorf("cooled down: %v", cooled)
	}
	if got := steps[last-2].GetPrinted(); !strings.HasSuffix(got, "% util [controller reset]\n") {
		t.Errorf("printed %q", got)
	}
	if got := steps[last-1].GetPrinted(); !strings.HasSuffix(got, "% util\n") {
		t.Errorf("then printed %q", got)
	}
}

func TestAForcedTraceLineLeavesTheControllerResetForTheNext(t *testing.T) {
	p := outsidePacingProgram(append(sawtooth(),
		markTermination(1, 1), sweepDone(), gomaxprocs(0), wake(), timer(),
		printScavTrace(7, 5000, true), printScavTrace(8, 1<<20, false), printScavTrace(9, 0, false))...)
	_, steps := numbersAfter(t, p)
	printed := ""
	for _, step := range steps {
		printed += step.GetPrinted()
	}
	const want = `scav 7 4 KiB work, 896 KiB total, 25% util (forced)
scav 8 1024 KiB work, 896 KiB total, 25% util [controller reset]
scav 9 0 KiB work, 896 KiB total, 25% util
`
	if printed != want {
		t.Errorf("printed\n%s", printed)
	}
}

func TestATraceLineOfNoMemoryDividesByZero(t *testing.T) {
	want := panicked(wire.PanicKind_PANIC_KIND_DIVIDE, "integer divide by zero")
	for name, p := range map[string]*wire.Program{
		"by hand":          pacingProgram(printScavTrace(1, 1, false)),
		"by a generation":  pacingProgram(scavtrace(true), sweepDone()),
		"of released only": pacingProgram(grow(chunk, 1), scavtrace(true), scavengeAll()),
	} {
		if _, step := lastNumbers(t, p); !proto.Equal(step.Outcome, want) {
			t.Errorf("%s: got %v", name, step.Outcome)
		}
	}
}

func TestUtilisationMayBeOverAHundredOrWrap(t *testing.T) {
	_, steps := numbersAfter(t, outsidePacingProgram(
		pokeStats(1000, 0, 2500), printScavTrace(1, 0, false), pokeStats(0, 1, 1), printScavTrace(1, 0, false)))
	if got := steps[1].GetPrinted(); got != "scav 1 0 KiB work, 0 KiB total, 250% util\n" {
		t.Errorf("printed %q", got)
	}
	if got := steps[3].GetPrinted(); got != "scav 1 0 KiB work, 0 KiB total, 0% util\n" {
		t.Errorf("printed %q", got)
	}
}

func TestTheGoalIsAPageAboveWhatIsRetainedOrNone(t *testing.T) {
	const none = ^uint64(0)
	// An inuse of 10 MiB gives a goal of 11 MiB, at equal heap goals.
	const inuse, goal = 10 << 20, 11 << 20
	for name, c := range map[string]struct{ retained, heapGoal, lastHeapGoal, want uint64 }{
		"before the first cycle":      {1 << 40, 1, 0, none},
		"at the goal":                 {goal, 5, 5, none},
		"a byte less than a page":     {goal + 4095, 5, 5, none},
		"a page":                      {goal + 4096, 5, 5, goal},
		"below":                       {goal - 1, 5, 5, none},
		"twice the heap":              {1 << 40, 10, 5, 2 * goal},
		"rounded up to a page":        {1 << 40, 1, 1000, 4096 * ((inuse/1000*11/10 + 4095) / 4096)},
		"GOGC off: a ratio too large": {none, none, 5, 0x8ccccccccccccccc&^4095 + 4096},
		"GOGC off, then on: nothing":  {1 << 40, 5, none, 0},
		"a ratio of one for no limit": {1 << 40, none, none, goal},
	} {
		numbers, _ := lastNumbers(t, outsidePacingProgram(
			pokeStats(c.retained, 0, inuse), markTermination(c.heapGoal, c.lastHeapGoal)))
		if got := numbers.GetScavengeGoal(); got != c.want || numbers.GetLastHeapInuse() != inuse {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestMarkTerminationRecordsWhatIsInUseAndPaceDoesNot(t *testing.T) {
	numbers, _ := lastNumbers(t, outsidePacingProgram(pokeStats(1<<30, 0, 1<<20), pace(1, 1)))
	if got := numbers.GetScavengeGoal(); got != 0 || numbers.GetLastHeapInuse() != 0 {
		t.Errorf("got %d for a heap of which nothing was recorded", got)
	}
}

func TestGrowthPastTheGoalIsScavengedDown(t *testing.T) {
	// 128 MiB, of which 8000 pages are free in runs of 500, so that a span of 512 pages makes the heap grow by a chunk.
	p := pacingProgram(newSpan(0, 8192), newSpan(1, 8192))
	p.PhysHugePageSize = proto.Uint64(0)
	for run := range uint64(16) {
		p.Operations = append(p.Operations, freePages(1, 512*run, 512*run+500))
	}
	p.Operations = append(p.Operations, markTermination(1, 1), sweepDone())
	const goal, growth = 75_550_720, 4 << 20
	for name, c := range map[string]struct{ scavengedPages, want uint64 }{
		// What is retained, with the growth, is beyond the goal by more than the growth, by less, and not at all.
		"all of the growth":      {1000, growth},
		"what is over the goal":  {7200, 474 * pageBytes},
		"nothing":                {7800, 0},
		"a little over the goal": {7600, 74 * pageBytes},
	} {
		q := proto.CloneOf(p)
		q.Operations = append(q.Operations, scavenge(c.scavengedPages*pageBytes), heapRetained(), newSpan(2, 512))
		numbers, steps := numbersAfter(t, q)
		last := len(steps) - 1
		if got := numbers[last].GetScavengeGoal(); got != goal {
			t.Fatalf("the goal is %d", got)
		}
		if got := steps[last].Outcome.GetReturned().GetValues(); len(got) != 3 || got[1] != growth || got[2] != growth {
			t.Errorf("%s: got %x", name, got)
		}
		// The growth is released, then used; what is left was scavenged for it.
		if got := numbers[last].GetHeapReleased() - numbers[last-1].GetHeapReleased(); got != c.want {
			t.Errorf("%s: scavenged %d, want %d", name, got, c.want)
		}
		if got := numbers[last].GetScavReleased(); got != 0 {
			t.Errorf("%s: %d of it was counted", name, got)
		}
	}
}

func TestAnAllocationThatCannotGrowSaysSoAndLeavesTheSlotEmpty(t *testing.T) {
	numbers, steps := numbersAfter(t, outsidePacingProgram(newSpan(1, 1), newSpan(0, 1<<40), free(0)))
	if !proto.Equal(steps[1].Outcome, returned(0, 0, 0)) || !proto.Equal(steps[2].Outcome, nothing()) {
		t.Errorf("got %v, then %v", steps[1].Outcome, steps[2].Outcome)
	}
	const want = "runtime: out of memory: cannot allocate 9007199254740992-byte block (4194304 in use)\n"
	if got := steps[1].GetPrinted(); got != want {
		t.Errorf("printed %q", got)
	}
	if numbers[1].GetCurArenaBase() != 1<<44+4<<20 || numbers[1].GetCurArenaEnd() != 1<<44+64<<20 {
		t.Errorf("the current arena: %v", numbers[1])
	}
}

func TestASpanThatNeedsTooManyChunksIsAStatus(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	_, err := runner.Run(outsidePacingProgram(newSpan(0, 1<<30)))
	if err == nil || !strings.Contains(err.Error(), "the page heap would grow to 2097152 chunks, of at most 1048576") {
		t.Errorf("got %v", err)
	}
	run(t, runner, pacingProgram(newSpan(0, 1)))
}

func TestGrowthByHandStaysOutOfTheCurrentArena(t *testing.T) {
	const next = 1<<44>>22 + 1
	_, steps := numbersAfter(t, pacingProgram(newSpan(0, 1), grow(next, 1), grow(next+14, 1), grow(next+15, 1), grow(next-2, 2), grow(next-2, 1)))
	for i, want := range []*wire.Outcome{nothing(), nothing(), returned(), nothing(), returned()} {
		if !proto.Equal(steps[i+1].Outcome, want) {
			t.Errorf("step %d: got %v, want %v", i+1, steps[i+1].Outcome, want)
		}
	}
}

func TestWhatIsLeftOfAnArenaGrowsTheHeapWhenTheNextIsTaken(t *testing.T) {
	const first, arena = 1 << 44, 64 << 20
	numbers, steps := numbersAfter(t, pacingProgram(
		newSpan(0, 1), grow((first+arena)>>22, 1), newSpan(1, 8192), newSpan(2, 8192+512)))
	if want := returned(first+pageBytes, arena, arena-4<<20+arena); !proto.Equal(steps[2].Outcome, want) {
		t.Errorf("got %v, want %v", steps[2].Outcome, want)
	}
	// The next arenas follow, so nothing is left over.
	if want := returned(first+2*arena, arena+4<<20, arena+4<<20); !proto.Equal(steps[3].Outcome, want) {
		t.Errorf("then got %v, want %v", steps[3].Outcome, want)
	}
	if got := numbers[3]; got.GetCurArenaBase() != first+4*arena+4<<20 || got.GetCurArenaEnd() != first+5*arena {
		t.Errorf("the current arena is [%#x, %#x)", got.GetCurArenaBase(), got.GetCurArenaEnd())
	}
}

func TestASearchThatFindsNothingTakesTimeAndThenParks(t *testing.T) {
	// Nothing can be released before the first generation, and the goal asks for it.
	numbers, _ := lastNumbers(t, pacingProgram(append(sawtooth(), markTermination(1, 1), wake())...))
	if got := numbers.GetNowNs(); got != 1_000_001 || numbers.GetScavengeParked() != 1 || numbers.GetScavengeTimerNs() != 0 {
		t.Errorf("got %v", numbers)
	}
}

func TestWorkWithoutTimeCountsTenMicrosecondsAPage(t *testing.T) {
	numbers, _ := lastNumbers(t, pacingProgram(append(sawtooth(),
		scavengeCost(0), markTermination(1, 1), sweepDone(), wake())...))
	if numbers.GetNowNs() != 1 || numbers.GetScavengeTimerNs() != 1_120_000_001 || numbers.GetHeapReleased() != 458_752 {
		t.Errorf("got %v", numbers)
	}
}

func TestFakeTimeMakesOneQuantumOfAWake(t *testing.T) {
	numbers, _ := lastNumbers(t, pacingProgram(append(sawtooth(),
		faketime(true), markTermination(1, 1), sweepDone(), wake())...))
	if got := numbers.GetHeapReleased(); got != 64<<10 {
		t.Errorf("released %d", got)
	}
}

func TestATimerThatIsNotPositiveIsGosThrow(t *testing.T) {
	// The work takes 1.12 ms and asks for a sleep of 1.12 s: to before 0, to 0, and beyond the end of time.
	for _, now := range []int64{-5 * second, -1_121_120_000, math.MaxInt64 - 1_200_000} {
		_, step := lastNumbers(t, outsidePacingProgram(append(sawtooth(),
			markTermination(1, 1), sweepDone(), pokeClock(now), wake(), tick(1))...))
		if want := thrown("timer when must be positive"); !proto.Equal(step.Outcome, want) {
			t.Errorf("got %v", step.Outcome)
		}
	}
}

func TestThrowsOfTheScavengerAreTheOperations(t *testing.T) {
	ops := append(sawtooth(), markTermination(1, 1), sweepDone(), pokePhysPage(3*65536))
	for name, c := range map[string]struct {
		last *wire.Operation
		want *wire.Outcome
	}{
		"wake":   {wake(), thrown("min must be a non-zero power of 2")},
		"sysmon": {sysmon(), thrown("min must be a non-zero power of 2")},
	} {
		p := outsidePacingProgram(append(append([]*wire.Operation{}, ops...), c.last, tick(1))...)
		if _, step := lastNumbers(t, p); !proto.Equal(step.Outcome, c.want) || step.GetPrinted() != "runtime: min = 24\n" {
			t.Errorf("%s: got %v, %q", name, step.Outcome, step.GetPrinted())
		}
	}
}

func TestLessThanAPhysicalPageIsGosThrow(t *testing.T) {
	_, step := lastNumbers(t, outsidePacingProgram(newSpan(0, 512), freePages(0, 0, 1), markTermination(1, 1000),
		sweepDone(), pokePhysPage(12288), wake(), tick(1)))
	if want := thrown("released less than one physical page of memory"); !proto.Equal(step.Outcome, want) {
		t.Errorf("got %v", step.Outcome)
	}
}

func TestAPanicOfTheScavengerIsTheOperations(t *testing.T) {
	const beyond = 1 << 46
	_, step := lastNumbers(t, outsidePacingProgram(append(sawtooth(), markTermination(1, 1), sweepDone(),
		unreserveAt(beyond, beyond+chunkSize, 1), sysmon(), tick(1))...))
	want := panicked(wire.PanicKind_PANIC_KIND_BOUNDS, "index out of range [50331648] with length 37748800")
	if !proto.Equal(step.Outcome, want) {
		t.Errorf("got %v", step.Outcome)
	}
}

func TestATickEndsAlsoIfEachSleepIsAsShortAsCanBe(t *testing.T) {
	// 4 GiB in quanta of 64 KiB: one each wake, at the most sleep ratio that processors can bring about.
	p := pacingProgram(newSpan(0, 1<<19))
	p.PhysHugePageSize = proto.Uint64(0)
	p.Operations = append(p.Operations, newSpan(1, 1), gomaxprocs(4096), scavengeCost(0), faketime(true), free(0),
		markTermination(1, 1), sweepDone(), wake())
	for range 3 {
		p.Operations = append(p.Operations, tick(tickMax))
	}
	start := time.Now()
	numbers, _ := numbersAfter(t, p)
	last := len(numbers) - 1
	const fired = 10_000 * 64 << 10
	if got := numbers[last-2].GetHeapReleased() - numbers[last-3].GetHeapReleased(); got != fired {
		t.Errorf("a tick released %d", got)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTheControllerIsGosBitForBit(t *testing.T) {
	b := math.Float64bits
	nan := uint64(0x7ff8_dead_beef_0001)
	controller := func(errIntegral float64, min uint64) []uint64 {
		return []uint64{b(0.3375), b(3.2e6), b(1e9), min, b(1000), b(errIntegral), 0, 0}
	}
	for name, c := range map[string]struct{ state, sample, want []uint64 }{
		"a quiet sample":    {controller(0, b(0.001)), []uint64{b(0.01), b(0.01), b(1e9)}, []uint64{b(0.001), 1, b(0.001), 0, 0}},
		"clamped above":     {controller(2000, b(0.001)), []uint64{b(0.01), b(0.01), b(1e9)}, []uint64{b(1000), 1, b(1000), 0, 0}},
		"no integral":       {[]uint64{b(1), 0, b(1), b(-9), b(9), b(0.5), 1, 1}, []uint64{b(1), b(2), b(3)}, []uint64{b(1.5), 1, b(0.5), 1, 1}},
		"an infinite input": {controller(7, nan), []uint64{b(math.Inf(1)), b(0.01), b(1e9)}, []uint64{nan, 0, 0, 0, 1}},
		"no number":         {controller(7, b(0.001)), []uint64{nan, b(0.01), b(1e9)}, []uint64{b(0.001), 0, 0, 0, 1}},
		"an endless period": {controller(7, b(0.001)), []uint64{b(0), b(0.01), b(math.Inf(1))}, []uint64{b(0.001), 0, 0, 1, 0}},
		"negative zero":     {[]uint64{b(1), 0, 0, b(-9), b(9), 1 << 63, 0, 0}, []uint64{0, 1 << 63, 0}, []uint64{1 << 63, 1, 1 << 63, 0, 0}},
	} {
		_, step := lastNumbers(t, pacingProgram(call(wire.Function_FUNCTION_PI_NEXT, append(c.state, c.sample...)...)))
		if !proto.Equal(step.Outcome, returned(c.want...)) {
			t.Errorf("%s: got %x, want %x", name, step.Outcome.GetReturned().GetValues(), c.want)
		}
	}
	_, step := lastNumbers(t, pacingProgram(call(wire.Function_FUNCTION_PI_RESET, nan, 1, 0)))
	if !proto.Equal(step.Outcome, returned(0, 1, 0)) {
		t.Errorf("reset: got %v", step.Outcome)
	}
}

func TestSleepingScavengersLeaveNoGoroutines(t *testing.T) {
	runner := NewRunner()
	sleeping := pacingProgram(newSpan(0, 1024), free(0), markTermination(1, 1), sweepDone(), wake())
	throwing := outsidePacingProgram(newSpan(0, 1024), free(0), markTermination(1, 1), sweepDone(), pokeClock(-1<<60), wake())
	if numbers, _ := lastNumbers(t, sleeping); numbers.GetScavengeTimerNs() == 0 {
		t.Error("it does not sleep")
	}
	want := run(t, runner, sleeping)
	before := runtime.NumGoroutine()
	for range 500 {
		if !bytes.Equal(run(t, runner, sleeping), want) {
			t.Fatal("the same program gives another transcript")
		}
		run(t, runner, throwing)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines became %d", before, after)
	}
	runner.Close()
}

func TestProgramsWithoutTheLabelDoNotTellThePacing(t *testing.T) {
	p := newProgram(grow(chunk, 1), alloc(0, 512), free(0), startGen(), scavenge(all))
	transcript := runFresh(t, p)
	for _, o := range []*wire.Observation{transcript.Start, transcript.End, transcript.Steps[4].Observation} {
		if o.NowNs != nil || o.ScavengeGoal != nil || o.ControllerCooldownNs != nil {
			t.Errorf("got %v", o)
		}
	}
	p.Pacing = proto.Bool(true)
	transcript = runFresh(t, p)
	if o := transcript.Start; o.GetNowNs() != 1 || o.GetScavengeGoal() != all || o.ControllerCooldownNs == nil || o.LastHeapInuse == nil {
		t.Errorf("got %v", o)
	}
	if o := transcript.Steps[4].Observation; o.GetNowNs() != 1+1024*10_000 || o.ScavengeGoal != nil {
		t.Errorf("got %v", o)
	}
}
