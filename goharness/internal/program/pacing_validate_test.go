package program

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// pacingOperations holds one valid operation of each kind that needs the label.
var pacingOperations = map[string]*wire.Operation{
	"gc": gc(1, 1), "tick": tick(1), "timer": timer(), "sysmon": sysmon(), "wake": wake(), "ready": ready(),
	"gomaxprocs": gomaxprocs(1), "scavenge_cost": scavengeCost(1), "faketime": faketime(true), "scavtrace": scavtrace(true),
	"pace": pace(1, 1), "mark_termination": markTermination(1, 1), "sweep_done": sweepDone(), "scavenge_all": scavengeAll(),
	"span": newSpan(0, 1), "heap_retained": heapRetained(), "print_scav_trace": printScavTrace(1, 1, true),
}

// pacingPokes holds those that need both labels.
var pacingPokes = map[string]*wire.Operation{
	"poke_phys_page": pokePhysPage(4096), "poke_stats": pokeStats(1, 1, 1), "poke_clock": pokeClock(1),
}

func refusedAs(t *testing.T, runner *Runner, p *wire.Program, want string) {
	t.Helper()
	_, err := runner.Run(p)
	if got := status.Convert(err); got.Code() != codes.InvalidArgument || got.Message() != want {
		t.Errorf("got %v %q, want %q", got.Code(), got.Message(), want)
	}
}

func TestPacingNeedsItsLabel(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	const unlabelled = ": allowed only in a program that is labelled pacing"
	for name, operation := range pacingOperations {
		refusedAs(t, runner, outsideProgram(operation), "operations[0]."+name+unlabelled)
		run(t, runner, pacingProgram(operation))
	}
	for name, operation := range pacingPokes {
		refusedAs(t, runner, outsideProgram(operation), "operations[0]."+name+unlabelled)
		refusedAs(t, runner, pacingProgram(operation),
			"operations[0]."+name+": allowed only in a program that is labelled outside_contract")
		run(t, runner, outsidePacingProgram(operation))
	}
	refusedAs(t, runner, newProgram(call(wire.Function_FUNCTION_PI_RESET, 0, 0, 0)),
		"operations[0].call.function: pi_reset is allowed only in a program that is labelled pacing")
	refusedAs(t, runner, newProgram(call(wire.Function_FUNCTION_PI_NEXT, make([]uint64, 11)...)),
		"operations[0].call.function: pi_next is allowed only in a program that is labelled pacing")
}

func TestNumbersOfPacingHaveBounds(t *testing.T) {
	runner := NewRunner()
	defer runner.Close()
	for want, p := range map[string]*wire.Program{
		"tick.duration_ns: 10000000000001 is above 10000000000000":                  pacingProgram(tick(1e13 + 1)),
		"gomaxprocs.count: 0 is not in [1, 4096]":                                   pacingProgram(gomaxprocs(0)),
		"gomaxprocs.count: 4097 is not in [1, 4096]":                                pacingProgram(gomaxprocs(4097)),
		"gomaxprocs.count: 2147483648 is above 2147483647":                          outsidePacingProgram(gomaxprocs(1 << 31)),
		"scavenge_cost.cost_ns: 1000000001 is above 1000000000":                     pacingProgram(scavengeCost(1e9 + 1)),
		"span.page_count: 0 is not in [1, 4194304]":                                 pacingProgram(newSpan(0, 0)),
		"span.page_count: 4194305 is not in [1, 4194304]":                           pacingProgram(newSpan(0, 1<<22+1)),
		"span.page_count: 1099511627777 is above 1099511627776":                     outsidePacingProgram(newSpan(0, 1<<40+1)),
		"span.slot: slot 65536 is above 65535":                                      pacingProgram(newSpan(65536, 1)),
		"poke_phys_page.byte_count: 5000 is no multiple of 4096 in [4096, 1048576]": outsidePacingProgram(pokePhysPage(5000)),
		"poke_phys_page.byte_count: 0 is no multiple of 4096 in [4096, 1048576]":    outsidePacingProgram(pokePhysPage(0)),
		"poke_phys_page.byte_count: 1052672 is no multiple of 4096 in [4096, 1048576]": outsidePacingProgram(
			pokePhysPage(1<<20 + 4096)),
		"call.arguments: pi_next takes 11 words, found 10": pacingProgram(
			call(wire.Function_FUNCTION_PI_NEXT, make([]uint64, 10)...)),
	} {
		refusedAs(t, runner, p, "operations[0]."+want)
	}
	refusedAs(t, runner, pacingProgram(newSpan(3, 1), alloc(3, 1)),
		"operations[1].alloc.slot: s3 is written twice (first by operations[0])")
	run(t, runner, pacingProgram(tick(1e13), gomaxprocs(4096), scavengeCost(1e9)))
	run(t, runner, outsidePacingProgram(gomaxprocs(1<<31-1), newSpan(0, 1<<40), pokePhysPage(1<<20), pokeClock(-1<<63)))
}
