//! Programs: their slots, and what each operation does to them and to the page heap.

use crate::checking::check;
use crate::observing::Observer;
use crate::wire::{self, operation::Operation, outcome::Outcome};
use crate::wire::{Nothing, PanicKind, Panicked, Program, Refusal, Returned, Step, Thrown};
use crate::{Allocated, Failure, PacingOperation, Port, Range};
use std::any::Any;
use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Programs count chunks from address 0, page heaps from the start of the offset address space.
const CHUNK_OFFSET: i64 = 1 << 25;
const PAGE_SIZE: u64 = 8192;

/// Runs a program on a clean page heap. What is refused is malformed, or needs too large a heap.
pub fn run_program<P: Port>(program: &Program) -> Result<wire::Transcript, Refusal> {
    check(program, P::CAPABILITIES)?;
    let mut world = World::<P>::new(P::new(program.phys_page_size(), program.phys_huge_page_size()));
    let mut observer = Observer::new(program.pacing());
    let start = Some(observer.complete(&mut world.port));
    let mut steps = Vec::new();
    for (number, operation) in (1..).zip(&program.operations) {
        let operation = operation.operation.as_ref().expect("an operation, as was checked");
        let done = catch_unwind(AssertUnwindSafe(|| world.run(operation)));
        let failed = done.is_err();
        if let Some(message) = world.too_large.take() {
            return Err(Refusal { status: "RESOURCE_EXHAUSTED".into(), message });
        }
        let observation = Some(match program.checkpoint_interval() {
            interval @ 1.. if number % interval == 0 => observer.complete(&mut world.port),
            _ => observer.changes(&mut world.port),
        });
        let outcome = Some(wire::Outcome { outcome: Some(outcome_of::<P>(done)) });
        let printed = Some(world.port.take_printed()).filter(|printed| !printed.is_empty());
        steps.push(Step { outcome, printed, observation, ..Default::default() });
        if failed {
            break;
        }
    }
    let end = Some(observer.complete(&mut world.port));
    Ok(wire::Transcript { program_id: program.id, start, steps, end, ..Default::default() })
}

/// The outcome of an operation that returned words, did nothing, or panicked.
fn outcome_of<P: Port>(done: Result<Option<Vec<u64>>, Box<dyn Any + Send>>) -> Outcome {
    match done {
        Ok(Some(values)) => Outcome::Returned(Returned { values }),
        Ok(None) => Outcome::Nothing(Nothing {}),
        Err(payload) => match P::failure(&*payload) {
            Some(Failure::Throw(text)) => Outcome::Thrown(Thrown { text: text.into() }),
            Some(Failure::Divide) => panicked(PanicKind::Divide, "runtime error: integer divide by zero".into()),
            // Go would say it otherwise; it stands in the transcript to be seen.
            None => panicked(PanicKind::Bounds, text_of(&*payload)),
        },
    }
}

fn panicked(kind: PanicKind, text: String) -> Outcome {
    Outcome::Panicked(Panicked { kind: kind as i32, text })
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let literal = payload.downcast_ref::<&str>().map(ToString::to_string);
    literal.or_else(|| payload.downcast_ref().cloned()).unwrap_or_else(|| "a panic without a text".into())
}

/// A page heap and the slots of a program.
struct World<P: Port> {
    port: P,
    spans: HashMap<u32, Span>,
    caches: HashMap<u32, P::Cache>,
    reservations: HashMap<u32, (Range, u32)>,
    /// Why the last operation may not be carried out.
    too_large: Option<String>,
}

impl<P: Port> World<P> {
    fn new(port: P) -> Self {
        Self { port, spans: HashMap::new(), caches: HashMap::new(), reservations: HashMap::new(), too_large: None }
    }

    /// Carries an operation out; returns its words, or `None` if there was nothing to do.
    fn run(&mut self, operation: &Operation) -> Option<Vec<u64>> {
        let port = &mut self.port;
        Some(match operation {
            Operation::Call(call) => port.call(call.function(), &call.arguments),
            Operation::Grow(grow) => port.grow((grow.chunk + CHUNK_OFFSET) as u64, grow.chunk_count).then(Vec::new)?,
            Operation::Alloc(alloc) => {
                let allocated = port.alloc(alloc.page_count);
                self.fill(alloc.slot, alloc.page_count, allocated)
            }
            Operation::Free(free) => {
                let span = self.spans.get_mut(&free.slot)?;
                let runs = span.take(free.first, free.limit.unwrap_or(u64::MAX));
                for (first, limit) in &runs {
                    port.free(span.address.wrapping_add(first * PAGE_SIZE), limit - first);
                }
                (!runs.is_empty()).then(|| vec![runs.len() as u64])?
            }
            Operation::Cache(cache) => {
                let filled = port.cache();
                let words = P::cache_words(&filled);
                self.caches.insert(cache.slot, filled);
                words.to_vec()
            }
            Operation::CacheAlloc(alloc) => {
                let cache = self.caches.get_mut(&alloc.cache)?;
                let allocated = port.cache_alloc(cache, alloc.page_count);
                let rest = P::cache_words(cache);
                [self.fill(alloc.slot, alloc.page_count, allocated).as_slice(), &rest].concat()
            }
            Operation::Flush(flush) => {
                port.flush(self.caches.get_mut(&flush.cache)?);
                vec![]
            }
            Operation::StartGen(_) => {
                port.start_gen();
                vec![]
            }
            Operation::Scavenge(scavenge) => vec![port.scavenge(scavenge.byte_count, scavenge.counted)],
            Operation::Reserve(reserve) => {
                let (range, generation) = port.reserve();
                self.reservations.insert(reserve.slot, (range, generation));
                vec![range.0, range.1, generation.into()]
            }
            Operation::ScavengeOne(one) => {
                let (range, _) = self.reservations.get_mut(&one.reservation)?;
                let (released, rest) = port.scavenge_one(*range, one.byte_count_max);
                *range = rest;
                vec![released, rest.0, rest.1]
            }
            Operation::Unreserve(unreserve) => {
                let (range, generation) = self.reservations.remove(&unreserve.reservation)?;
                port.unreserve(range, generation);
                vec![]
            }
            Operation::Span(span) => {
                let (address, scavenged_bytes, growth) = match port.span(span.page_count) {
                    Ok(allocated) => allocated.unwrap_or_default(),
                    Err(message) => {
                        self.too_large = Some(message);
                        return None;
                    }
                };
                let allocated = Some((address, scavenged_bytes)).filter(|_| address != 0);
                [self.fill(span.slot, span.page_count, allocated), vec![growth]].concat()
            }
            other => return port.pacing(&pacing_operation(other)),
        })
    }

    /// Fills a span slot, if something was allocated; returns the address and how many bytes were scavenged.
    fn fill(&mut self, slot: u32, page_count: u64, allocated: Allocated) -> Vec<u64> {
        let Some((address, scavenged_bytes)) = allocated else { return vec![0, 0] };
        self.spans.insert(slot, Span { address, owned: vec![(0, page_count)] });
        vec![address, scavenged_bytes]
    }
}

/// What a span slot holds: an address, and the runs of pages `[first, limit)` that it still owns.
struct Span {
    address: u64,
    owned: Vec<(u64, u64)>,
}

impl Span {
    /// Takes those pages of `[first, limit)` that are still owned; returns their runs.
    fn take(&mut self, first: u64, limit: u64) -> Vec<(u64, u64)> {
        let cut =
            |run: &(u64, u64), low: u64, high: u64| Some((run.0.max(low), run.1.min(high))).filter(|(a, b)| a < b);
        let taken = self.owned.iter().filter_map(|run| cut(run, first, limit)).collect();
        let kept = self.owned.iter().flat_map(|run| [cut(run, 0, first), cut(run, limit, u64::MAX)]);
        self.owned = kept.flatten().collect();
        taken
    }
}

/// The operations of pacing. Others that come here were not announced.
fn pacing_operation(operation: &Operation) -> PacingOperation {
    use PacingOperation as P;
    match operation {
        Operation::Tick(tick) => P::Tick { duration_ns: tick.duration_ns },
        Operation::Timer(_) => P::Timer,
        Operation::Sysmon(_) => P::Sysmon,
        Operation::Wake(_) => P::Wake,
        Operation::Ready(_) => P::Ready,
        Operation::Gomaxprocs(gomaxprocs) => P::Gomaxprocs(gomaxprocs.count),
        Operation::ScavengeCost(cost) => P::ScavengeCost { cost_ns: cost.cost_ns },
        Operation::Faketime(faketime) => P::Faketime(faketime.on),
        Operation::Scavtrace(scavtrace) => P::Scavtrace(scavtrace.on),
        Operation::Pace(goals) => P::Pace { heap_goal: goals.heap_goal, last_heap_goal: goals.last_heap_goal },
        Operation::MarkTermination(goals) => {
            P::MarkTermination { heap_goal: goals.heap_goal, last_heap_goal: goals.last_heap_goal }
        }
        Operation::SweepDone(_) => P::SweepDone,
        Operation::Gc(goals) => P::Gc { heap_goal: goals.heap_goal, last_heap_goal: goals.last_heap_goal },
        Operation::ScavengeAll(_) => P::ScavengeAll,
        Operation::HeapRetained(_) => P::HeapRetained,
        Operation::PrintScavTrace(print) => {
            P::PrintScavTrace { generation: print.generation, released: print.released, forced: print.forced }
        }
        other => unimplemented!("{other:?}"),
    }
}
