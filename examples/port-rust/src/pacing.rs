//! What the adapter does for level 7, pacing.

use pageheap::background::Background;
use pageheap::controller::PiController;
use pageheap::heap::Heap;
use scavdiff_port::{Function, IntoWords, PacingOperation, PacingState};

/// Carries an operation out; returns its words, or `None` if there was nothing to do.
pub fn run(heap: &mut Heap, background: &mut Background, operation: &PacingOperation) -> Option<Vec<u64>> {
    use PacingOperation as P;
    match *operation {
        P::Tick { duration_ns } => background.tick(heap, duration_ns),
        P::Timer => return background.fire(heap).then(Vec::new),
        P::Sysmon => return Some(vec![background.sysmon(heap).into()]),
        P::Wake => background.wake(heap),
        P::Ready => background.ready(),
        P::Gomaxprocs(count) => background.gomaxprocs = count,
        P::ScavengeCost { cost_ns } => heap.pages.clock.phys_page_cost_ns = cost_ns,
        P::Faketime(on) => background.faketime = on,
        P::Scavtrace(on) => heap.pages.trace.is_on = on,
        P::Pace { heap_goal, last_heap_goal } => heap.pace_scavenger(heap_goal, last_heap_goal),
        P::MarkTermination { heap_goal, last_heap_goal } => heap.mark_termination(heap_goal, last_heap_goal),
        P::SweepDone => background.sweep_done(heap),
        P::Gc { heap_goal, last_heap_goal } => {
            heap.mark_termination(heap_goal, last_heap_goal);
            background.sweep_done(heap);
        }
        P::ScavengeAll => heap.scavenge_all(),
        P::HeapRetained => return Some(vec![heap.pages.stats.heap_retained()]),
        P::PrintScavTrace { generation, released, forced } => {
            heap.pages.print_scav_trace(generation, released, forced);
        }
    }
    Some(vec![])
}

/// The state of pacing.
pub fn state(heap: &Heap, background: &Background) -> PacingState {
    let memory = background.memory.as_ref();
    let controller = memory.map(|memory| memory.controller);
    PacingState {
        last_heap_inuse: heap.last_heap_inuse,
        scavenge_goal: heap.scavenge_goal,
        cur_arena: heap.cur_arena,
        now_ns: heap.pages.clock.now as u64,
        background_started: true,
        scavenge_parked: background.parked,
        scavenge_timer_ns: background.timer.unwrap_or(0) as u64,
        scavenge_sysmon_wake: background.sysmon_wake,
        scavenge_print_controller_reset: heap.pages.trace.controller_reset,
        crit_sleep_ratio: memory.map_or(0, |memory| memory.crit_sleep_ratio.to_bits()),
        controller_err_integral: controller.map_or(0, |controller| controller.err_integral.to_bits()),
        controller_err_overflow: controller.is_some_and(|controller| controller.err_overflow),
        controller_input_overflow: controller.is_some_and(|controller| controller.input_overflow),
        controller_cooldown_ns: memory.map_or(0, |memory| memory.cooldown_ns as u64),
    }
}

/// Calls a method of a controller that is made for it.
pub fn call_controller(function: Function, a: &[u64]) -> Vec<u64> {
    if function == Function::PiReset {
        let mut controller = controller(&[0; 5], a);
        controller.reset();
        return errors(&controller).into_words();
    }
    let mut controller = controller(a, &a[5..]);
    let (output, is_ok) = controller.next(f64::from_bits(a[8]), f64::from_bits(a[9]), f64::from_bits(a[10]));
    (output.to_bits(), is_ok, errors(&controller)).into_words()
}

/// A controller with these five parameters and this state.
fn controller(parameters: &[u64], state: &[u64]) -> PiController {
    let number = |i: usize| f64::from_bits(parameters[i]);
    PiController {
        kp: number(0),
        ti: number(1),
        tt: number(2),
        min: number(3),
        max: number(4),
        err_integral: f64::from_bits(state[0]),
        err_overflow: state[1] != 0,
        input_overflow: state[2] != 0,
    }
}

fn errors(controller: &PiController) -> (u64, bool, bool) {
    (controller.err_integral.to_bits(), controller.err_overflow, controller.input_overflow)
}
