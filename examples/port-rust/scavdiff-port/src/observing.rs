//! Observations: the state of the page heap in the protocol's words, whole or as what changed.

use crate::wire::{self, ChunkRun, Observation, SummaryLengths, SummaryRun};
use crate::{ChunkWords, PacingState, Port, RangeSet, State};
use std::collections::{BTreeSet, HashMap};

/// For each level, the logarithm of the chunks that one summary covers.
const LEVEL_CHUNK_SHIFTS: [u32; 5] = [12, 9, 6, 3, 0];

/// What was told so far. What was never told is all zero.
#[derive(Default)]
pub struct Observer {
    pacing: bool,
    chunks: HashMap<u64, ChunkWords>,
    summaries: HashMap<(usize, u64), u64>,
    scalars: Observation,
}

impl Observer {
    /// One that has told nothing. With `pacing` it tells of that, too.
    pub fn new(pacing: bool) -> Self {
        Self { pacing, ..Self::default() }
    }

    /// The whole state.
    pub fn complete<P: Port>(&mut self, port: &mut P) -> Observation {
        *self = Self::new(self.pacing);
        port.take_touched();
        let in_use = port.chunks_in_use();
        Observation { complete: Some(true), ..self.look(port, &in_use) }
    }

    /// What changed since the state was last told.
    pub fn changes<P: Port>(&mut self, port: &mut P) -> Observation {
        let touched = port.take_touched();
        self.look(port, &touched)
    }

    /// Compares what may have changed with what was told.
    fn look<P: Port>(&mut self, port: &P, touched: &[u64]) -> Observation {
        let mut now = scalars(port.state());
        if self.pacing {
            add_pacing(&mut now, &port.pacing_state());
        }
        let before = std::mem::replace(&mut self.scalars, now.clone());
        let mut told = without_unchanged(now, &before);
        let chunks: BTreeSet<_> = touched.iter().copied().collect();
        let summaries: BTreeSet<_> = chunks.iter().flat_map(|chunk| path_of(*chunk)).collect();
        for index in chunks {
            let chunk = port.chunk(index);
            if self.chunks.insert(index, chunk).unwrap_or_default() != chunk {
                tell_chunk(&mut told.chunks, index, chunk);
            }
        }
        for (level, index) in summaries {
            let value = port.summary(level, index);
            if self.summaries.insert((level, index), value).unwrap_or_default() != value {
                tell_summary(&mut told.summaries, level as u64, index, value);
            }
        }
        told
    }
}

/// Level and index of each summary above a chunk.
fn path_of(chunk: u64) -> impl Iterator<Item = (usize, u64)> {
    LEVEL_CHUNK_SHIFTS.into_iter().map(move |shift| chunk >> shift).enumerate()
}

/// Tells of one more chunk: in the last run, if it goes on there.
fn tell_chunk(runs: &mut Vec<ChunkRun>, index: u64, chunk: ChunkWords) {
    let [allocated, scavenged] = chunk.map(|words| words.map(u64::to_le_bytes).concat());
    match runs.last_mut() {
        Some(run)
            if run.index() + run.count() == index && run.allocated() == allocated && run.scavenged() == scavenged =>
        {
            run.count = Some(run.count() + 1);
        }
        _ => runs.push(ChunkRun {
            index: Some(index),
            count: Some(1),
            allocated: Some(allocated),
            scavenged: Some(scavenged),
        }),
    }
}

/// Tells of one more summary: in the last run, if it goes on there.
fn tell_summary(runs: &mut Vec<SummaryRun>, level: u64, index: u64, value: u64) {
    match runs.last_mut() {
        Some(run) if run.level() == level && run.index() + run.count() == index && run.value() == value => {
            run.count = Some(run.count() + 1);
        }
        _ => runs.push(SummaryRun { level: Some(level), index: Some(index), count: Some(1), value: Some(value) }),
    }
}

fn scalars(state: State) -> Observation {
    Observation {
        search_addr: Some(state.search_addr),
        start: Some(state.start),
        end: Some(state.end),
        in_use: Some(range_set(&state.in_use)),
        summary_lengths: Some(SummaryLengths { lengths: state.summary_lengths.to_vec() }),
        scav_in_use: Some(range_set(&state.scav_in_use)),
        scav_gen: Some(state.scav_gen.into()),
        scav_reservation_bytes: Some(state.scav_reservation_bytes),
        scav_released: Some(state.scav_released),
        scav_lwm: Some(state.scav_lwm),
        free_hwm: Some(state.free_hwm),
        heap_sys: Some(state.heap_sys),
        heap_released: Some(state.heap_released),
        heap_inuse: Some(state.heap_inuse),
        stats_committed: Some(state.stats_committed),
        stats_released: Some(state.stats_released),
        ..Observation::default()
    }
}

fn add_pacing(told: &mut Observation, pacing: &PacingState) {
    told.last_heap_inuse = Some(pacing.last_heap_inuse);
    told.scavenge_goal = Some(pacing.scavenge_goal);
    told.cur_arena_base = Some(pacing.cur_arena.0);
    told.cur_arena_end = Some(pacing.cur_arena.1);
    told.now_ns = Some(pacing.now_ns);
    told.background_started = Some(pacing.background_started.into());
    told.scavenge_parked = Some(pacing.scavenge_parked.into());
    told.scavenge_timer_ns = Some(pacing.scavenge_timer_ns);
    told.scavenge_sysmon_wake = Some(pacing.scavenge_sysmon_wake.into());
    told.scavenge_print_controller_reset = Some(pacing.scavenge_print_controller_reset.into());
    told.crit_sleep_ratio = Some(pacing.crit_sleep_ratio);
    told.controller_err_integral = Some(pacing.controller_err_integral);
    told.controller_err_overflow = Some(pacing.controller_err_overflow.into());
    told.controller_input_overflow = Some(pacing.controller_input_overflow.into());
    told.controller_cooldown_ns = Some(pacing.controller_cooldown_ns);
}

fn range_set(set: &RangeSet) -> wire::RangeSet {
    let bounds = set.ranges.iter().flat_map(|(base, limit)| [*base, *limit]).collect();
    wire::RangeSet { bounds, total_bytes: Some(set.total_bytes) }
}

fn without_unchanged(mut now: Observation, before: &Observation) -> Observation {
    macro_rules! leave_out {
        ($($field:ident)*) => { $(if now.$field == before.$field { now.$field = None; })* };
    }
    leave_out!(search_addr start end in_use summary_lengths scav_in_use scav_gen scav_reservation_bytes);
    leave_out!(scav_released scav_lwm free_hwm heap_sys heap_released heap_inuse stats_committed stats_released);
    leave_out!(last_heap_inuse scavenge_goal cur_arena_base cur_arena_end now_ns background_started scavenge_parked);
    leave_out!(scavenge_timer_ns scavenge_sysmon_wake scavenge_print_controller_reset crit_sleep_ratio);
    leave_out!(controller_err_integral controller_err_overflow controller_input_overflow controller_cooldown_ns);
    now
}
