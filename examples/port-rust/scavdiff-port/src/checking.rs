//! What is refused before anything runs: programs that are malformed, too large, or in need of what was not announced.

use crate::wire::{operation::Operation, Call, Capability, Free, Function, Grow, Program, Refusal};
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// Most operations of a program.
pub const OPERATION_COUNT_MAX: usize = 1 << 17;
const GROWN_CHUNK_COUNT_MAX: u64 = 1 << 20;
const PHYS_PAGE_SIZES: RangeInclusive<u64> = 4096..=524_288;
const PHYS_HUGE_PAGE_SIZES: RangeInclusive<u64> = 4096..=4_194_304;
const SLOT_MAX: u64 = 65_535;
const FIRST_SUMMARIES_FUNCTION: i32 = Function::PackPallocSum as i32;
const FIRST_RANGES_FUNCTION: i32 = Function::MakeAddrRange as i32;
const FIRST_PACING_FUNCTION: i32 = Function::PiNext as i32;

/// Says why a program is refused, if it is, by a port that can do `announced`.
pub fn check(program: &Program, announced: &[Capability]) -> Result<(), Refusal> {
    check_head(program).map_err(|why| refusal("INVALID_ARGUMENT", why))?;
    if program.outside_contract() {
        return Err(refusal("UNIMPLEMENTED", "outside_contract: this port keeps to the contract".into()));
    }
    if program.series.is_some() {
        return Err(refusal("UNIMPLEMENTED", "series: this port makes no programs itself".into()));
    }
    let mut needed = if program.pacing() { vec![Capability::Pacing] } else { vec![] };
    let (mut written, mut chunk_count) = (HashSet::new(), 0);
    for (number, operation) in program.operations.iter().enumerate() {
        let invalid = |why: String| refusal("INVALID_ARGUMENT", format!("operations[{number}]: {why}"));
        let Some(operation) = &operation.operation else {
            return Err(invalid("there is none, or one that is not known".into()));
        };
        let capability = check_operation(operation).map_err(invalid)?;
        if capability == Capability::OutsideContract {
            return Err(invalid("is outside the contract, and the program is not labelled so".into()));
        }
        if capability == Capability::Pacing && !program.pacing() {
            return Err(invalid("is pacing, and the program is not labelled so".into()));
        }
        if let Some(slot) = slot_written(operation) {
            if !written.insert(slot) {
                return Err(invalid(format!("slot: {}{} is written twice", slot.0, slot.1)));
            }
        }
        if let Operation::Grow(grow) = operation {
            chunk_count += grow.chunk_count;
        }
        needed.push(capability);
    }
    if program.operations.len() > OPERATION_COUNT_MAX || chunk_count > GROWN_CHUNK_COUNT_MAX {
        return Err(refusal("RESOURCE_EXHAUSTED", "operations: too many, or they grow too many chunks".into()));
    }
    match needed.iter().find(|capability| !announced.contains(capability)) {
        Some(missing) => Err(refusal("UNIMPLEMENTED", format!("operations: {missing:?} was not announced"))),
        None => Ok(()),
    }
}

fn refusal(status: &str, message: String) -> Refusal {
    Refusal { status: status.into(), message }
}

fn check_head(program: &Program) -> Result<(), String> {
    if program.id.is_none() {
        return Err("id: is missing".into());
    }
    let is_page_size = |size: u64, bounds: RangeInclusive<u64>| size.is_power_of_two() && bounds.contains(&size);
    match program.phys_page_size {
        Some(size) if is_page_size(size, PHYS_PAGE_SIZES) => (),
        Some(size) => return Err(format!("phys_page_size: {size} is no power of two in {PHYS_PAGE_SIZES:?}")),
        None => return Err("phys_page_size: is missing".into()),
    }
    match program.phys_huge_page_size {
        Some(size) if size == 0 || is_page_size(size, PHYS_HUGE_PAGE_SIZES) => Ok(()),
        Some(size) => Err(format!("phys_huge_page_size: {size} is no power of two in {PHYS_HUGE_PAGE_SIZES:?}")),
        None => Err("phys_huge_page_size: is missing".into()),
    }
}

/// What a port must be able to do for an operation, if its numbers are in bounds.
fn check_operation(operation: &Operation) -> Result<Capability, String> {
    use Operation as O;
    match operation {
        O::Call(call) => return check_call(call),
        O::Grow(grow) => check_grow(grow)?,
        O::Alloc(alloc) => check_slot_and("page_count", alloc.slot, alloc.page_count, 1..=1 << 32)?,
        O::Free(free) => check_free(free)?,
        O::Cache(cache) => check_slot(cache.slot)?,
        O::CacheAlloc(alloc) => {
            check_slot(alloc.cache)?;
            check_slot_and("page_count", alloc.slot, alloc.page_count, 1..=64)?;
        }
        O::Flush(flush) => check_slot(flush.cache)?,
        O::Reserve(reserve) => check_slot(reserve.slot)?,
        O::ScavengeOne(one) => check_slot(one.reservation)?,
        O::Unreserve(unreserve) => check_slot(unreserve.reservation)?,
        O::Tick(tick) => check_bounds("duration_ns", tick.duration_ns, 0..=10_000_000_000_000)?,
        O::Gomaxprocs(gomaxprocs) => check_bounds("count", gomaxprocs.count, 1..=4096)?,
        O::ScavengeCost(cost) => check_bounds("cost_ns", cost.cost_ns, 0..=1_000_000_000)?,
        O::Span(span) => check_slot_and("page_count", span.slot, span.page_count, 1..=1 << 22)?,
        _ => (),
    }
    Ok(match operation {
        O::Grow(_) | O::Alloc(_) | O::Free(_) => Capability::PageAllocator,
        O::Cache(_) | O::CacheAlloc(_) | O::Flush(_) => Capability::PageCache,
        O::StartGen(_) | O::Scavenge(_) | O::Reserve(_) | O::ScavengeOne(_) | O::Unreserve(_) => Capability::Scavenge,
        O::GrowAt(_) | O::FreeAt(_) | O::ScavengeAt(_) | O::UnreserveAt(_) => Capability::OutsideContract,
        O::PokeSummary(_) | O::PokeChunk(_) | O::PokeSearchAddr(_) => Capability::OutsideContract,
        O::PokePhysPage(_) | O::PokeStats(_) | O::PokeClock(_) => Capability::OutsideContract,
        _ => Capability::Pacing,
    })
}

fn check_bounds(field: &str, value: u64, bounds: RangeInclusive<u64>) -> Result<(), String> {
    if bounds.contains(&value) {
        return Ok(());
    }
    Err(format!("{field}: {value} is not in {bounds:?}"))
}

fn check_slot(slot: u32) -> Result<(), String> {
    check_bounds("slot", slot.into(), 0..=SLOT_MAX)
}

fn check_slot_and(field: &str, slot: u32, value: u64, bounds: RangeInclusive<u64>) -> Result<(), String> {
    check_slot(slot)?;
    check_bounds(field, value, bounds)
}

fn check_grow(grow: &Grow) -> Result<(), String> {
    check_bounds("chunk_count", grow.chunk_count, 1..=8192)?;
    let limit = grow.chunk.saturating_add_unsigned(grow.chunk_count);
    let (in_upper_half, in_lower_half) =
        (-0x1ff_ffff <= grow.chunk && limit <= -1, 1 <= grow.chunk && limit <= 0x200_0000);
    if in_upper_half || in_lower_half {
        return Ok(());
    }
    Err(format!("chunk: [{}, {limit}) is not within one half of the address space", grow.chunk))
}

fn check_free(free: &Free) -> Result<(), String> {
    check_slot(free.slot)?;
    match free.limit {
        Some(limit) if free.first >= limit => {
            Err(format!("limit: {limit} is not above the first page, {}", free.first))
        }
        None if free.first != 0 => Err("limit: is missing".into()),
        _ => Ok(()),
    }
}

fn check_call(call: &Call) -> Result<Capability, String> {
    let known = Function::try_from(call.function).ok().filter(|function| *function != Function::Unspecified);
    let Some(function) = known else { return Err(format!("function: {} is not known", call.function)) };
    let (fixed, element) = word_counts(function);
    let rest = call.arguments.len().checked_sub(fixed);
    if !rest.is_some_and(|rest| if element == 0 { rest == 0 } else { rest % element == 0 }) {
        return Err(format!("arguments: {} words do not fit {function:?}", call.arguments.len()));
    }
    Ok(match call.function {
        ..FIRST_SUMMARIES_FUNCTION => Capability::Bits,
        FIRST_SUMMARIES_FUNCTION..FIRST_RANGES_FUNCTION => Capability::Summaries,
        FIRST_RANGES_FUNCTION..FIRST_PACING_FUNCTION => Capability::Ranges,
        FIRST_PACING_FUNCTION.. => Capability::Pacing,
    })
}

/// Words that a function takes in any case, and words of an element of the list that ends them, 0 if there is none.
fn word_counts(function: Function) -> (usize, usize) {
    use Function as F;
    match function {
        F::Summarize => (8, 0),
        F::Get | F::Block64 => (9, 0),
        F::SetRange | F::ClearRange | F::SetBlock64 | F::ClearBlock64 | F::PopcntRange | F::Find => (10, 0),
        F::HasScavengeCandidate => (17, 0),
        F::FindScavengeCandidate => (19, 0),
        F::MergeSummaries => (1, 1),
        F::Unpack | F::ChunkIndex | F::ChunkBase | F::ChunkPageIndex => (1, 0),
        F::FindBitRange64 | F::FillAligned | F::OffAddrToLevelIndex | F::LevelIndexToOffAddr | F::MakeAddrRange => {
            (2, 0)
        }
        F::PackPallocSum | F::AddrsToSummaryRange | F::BlockAlignSummaryRange => (3, 0),
        F::RangeContains | F::RangeRemoveGreaterEqual | F::PiReset => (3, 0),
        F::RangeSubtract => (4, 0),
        F::RangesAdd => (2, 2),
        F::RangesFindSucc | F::RangesFindAddrGreaterEqual | F::RangesContains | F::RangesRemoveLast => (1, 2),
        F::RangesRemoveGreaterEqual | F::RangesCloneInto => (1, 2),
        F::PiNext => (11, 0),
        F::Unspecified => (0, 0),
    }
}

/// The slot that an operation writes: the letter of its kind, and its number.
fn slot_written(operation: &Operation) -> Option<(char, u32)> {
    match operation {
        Operation::Alloc(alloc) => Some(('s', alloc.slot)),
        Operation::CacheAlloc(alloc) => Some(('s', alloc.slot)),
        Operation::Span(span) => Some(('s', span.slot)),
        Operation::Cache(cache) => Some(('c', cache.slot)),
        Operation::Reserve(reserve) => Some(('r', reserve.slot)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::wire::{operation::Operation, Alloc, Call, Function, Grow, PokeClock, Program, Tick};
    use crate::LEVELS;
    use std::slice::from_ref;

    fn program(operations: &[Operation]) -> Program {
        let operations =
            operations.iter().cloned().map(|operation| crate::wire::Operation { operation: Some(operation) });
        Program {
            id: Some(1),
            phys_page_size: Some(4096),
            phys_huge_page_size: Some(0),
            operations: operations.collect(),
            ..Program::default()
        }
    }

    fn status(program: &Program, level: usize) -> String {
        check(program, &LEVELS[..level]).err().map_or("OK".into(), |refusal| refusal.status)
    }

    fn get(word_count: usize) -> Operation {
        Operation::Call(Call { function: Function::Get.into(), arguments: vec![0; word_count] })
    }

    #[test]
    fn a_program_is_sent_away_if_it_is_malformed_or_needs_a_level_more() {
        let grow = |chunk, chunk_count| Operation::Grow(Grow { chunk, chunk_count });
        let alloc = Operation::Alloc(Alloc { slot: 1, page_count: 1 });
        let tick = Operation::Tick(Tick::default());
        assert_eq!(status(&program(&[get(9), grow(1, 8192), grow(-9, 8), alloc.clone()]), 4), "OK");
        assert_eq!(status(&program(&[get(9), grow(1, 1)]), 3), "UNIMPLEMENTED");
        assert_eq!(status(&Program { outside_contract: Some(true), ..program(&[]) }, 7), "UNIMPLEMENTED");
        assert_eq!(status(&Program { pacing: Some(true), ..program(from_ref(&tick)) }, 7), "OK");
        assert_eq!(status(&Program { pacing: Some(true), ..program(&[]) }, 6), "UNIMPLEMENTED");
        for wrong in [get(8), grow(0, 1), grow(-1, 1), grow(1, 8193), tick, Operation::PokeClock(PokeClock::default())]
        {
            assert_eq!(status(&program(from_ref(&wrong)), 7), "INVALID_ARGUMENT", "{wrong:?}");
        }
        assert_eq!(status(&program(&[alloc.clone(), alloc]), 7), "INVALID_ARGUMENT");
        assert_eq!(status(&Program { phys_page_size: Some(5000), ..program(&[]) }, 7), "INVALID_ARGUMENT");
        assert_eq!(status(&Program { id: None, ..program(&[]) }, 7), "INVALID_ARGUMENT");
    }

    #[test]
    fn a_program_that_is_too_large_is_sent_away_as_such() {
        let grown: Vec<_> = (0..129).map(|_| Operation::Grow(Grow { chunk: 1, chunk_count: 8192 })).collect();
        assert_eq!(status(&program(&grown[..128]), 7), "OK");
        assert_eq!(status(&program(&grown), 7), "RESOURCE_EXHAUSTED");
        assert_eq!(status(&program(&vec![get(9); (1 << 17) + 1]), 7), "RESOURCE_EXHAUSTED");
    }
}
