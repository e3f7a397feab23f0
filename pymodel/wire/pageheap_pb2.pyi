from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Capability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPABILITY_UNSPECIFIED: _ClassVar[Capability]
    CAPABILITY_BITS: _ClassVar[Capability]
    CAPABILITY_RANGES: _ClassVar[Capability]
    CAPABILITY_SUMMARIES: _ClassVar[Capability]
    CAPABILITY_PAGE_ALLOCATOR: _ClassVar[Capability]
    CAPABILITY_PAGE_CACHE: _ClassVar[Capability]
    CAPABILITY_SCAVENGE: _ClassVar[Capability]
    CAPABILITY_OUTSIDE_CONTRACT: _ClassVar[Capability]
    CAPABILITY_PACING: _ClassVar[Capability]
    CAPABILITY_SERIES: _ClassVar[Capability]
    CAPABILITY_COUNTERS: _ClassVar[Capability]

class Function(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FUNCTION_UNSPECIFIED: _ClassVar[Function]
    FUNCTION_GET: _ClassVar[Function]
    FUNCTION_BLOCK64: _ClassVar[Function]
    FUNCTION_SET_RANGE: _ClassVar[Function]
    FUNCTION_CLEAR_RANGE: _ClassVar[Function]
    FUNCTION_SET_BLOCK64: _ClassVar[Function]
    FUNCTION_CLEAR_BLOCK64: _ClassVar[Function]
    FUNCTION_POPCNT_RANGE: _ClassVar[Function]
    FUNCTION_SUMMARIZE: _ClassVar[Function]
    FUNCTION_FIND: _ClassVar[Function]
    FUNCTION_FIND_BIT_RANGE64: _ClassVar[Function]
    FUNCTION_FILL_ALIGNED: _ClassVar[Function]
    FUNCTION_HAS_SCAVENGE_CANDIDATE: _ClassVar[Function]
    FUNCTION_FIND_SCAVENGE_CANDIDATE: _ClassVar[Function]
    FUNCTION_PACK_PALLOC_SUM: _ClassVar[Function]
    FUNCTION_UNPACK: _ClassVar[Function]
    FUNCTION_MERGE_SUMMARIES: _ClassVar[Function]
    FUNCTION_CHUNK_INDEX: _ClassVar[Function]
    FUNCTION_CHUNK_BASE: _ClassVar[Function]
    FUNCTION_CHUNK_PAGE_INDEX: _ClassVar[Function]
    FUNCTION_OFF_ADDR_TO_LEVEL_INDEX: _ClassVar[Function]
    FUNCTION_LEVEL_INDEX_TO_OFF_ADDR: _ClassVar[Function]
    FUNCTION_ADDRS_TO_SUMMARY_RANGE: _ClassVar[Function]
    FUNCTION_BLOCK_ALIGN_SUMMARY_RANGE: _ClassVar[Function]
    FUNCTION_MAKE_ADDR_RANGE: _ClassVar[Function]
    FUNCTION_RANGE_CONTAINS: _ClassVar[Function]
    FUNCTION_RANGE_SUBTRACT: _ClassVar[Function]
    FUNCTION_RANGE_REMOVE_GREATER_EQUAL: _ClassVar[Function]
    FUNCTION_RANGES_FIND_SUCC: _ClassVar[Function]
    FUNCTION_RANGES_FIND_ADDR_GREATER_EQUAL: _ClassVar[Function]
    FUNCTION_RANGES_CONTAINS: _ClassVar[Function]
    FUNCTION_RANGES_ADD: _ClassVar[Function]
    FUNCTION_RANGES_REMOVE_LAST: _ClassVar[Function]
    FUNCTION_RANGES_REMOVE_GREATER_EQUAL: _ClassVar[Function]
    FUNCTION_RANGES_CLONE_INTO: _ClassVar[Function]
    FUNCTION_PI_NEXT: _ClassVar[Function]
    FUNCTION_PI_RESET: _ClassVar[Function]

class PanicKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PANIC_KIND_UNSPECIFIED: _ClassVar[PanicKind]
    PANIC_KIND_BOUNDS: _ClassVar[PanicKind]
    PANIC_KIND_NIL_DEREFERENCE: _ClassVar[PanicKind]
    PANIC_KIND_MEMORY_FAULT: _ClassVar[PanicKind]
    PANIC_KIND_DIVIDE: _ClassVar[PanicKind]
CAPABILITY_UNSPECIFIED: Capability
CAPABILITY_BITS: Capability
CAPABILITY_RANGES: Capability
CAPABILITY_SUMMARIES: Capability
CAPABILITY_PAGE_ALLOCATOR: Capability
CAPABILITY_PAGE_CACHE: Capability
CAPABILITY_SCAVENGE: Capability
CAPABILITY_OUTSIDE_CONTRACT: Capability
CAPABILITY_PACING: Capability
CAPABILITY_SERIES: Capability
CAPABILITY_COUNTERS: Capability
FUNCTION_UNSPECIFIED: Function
FUNCTION_GET: Function
FUNCTION_BLOCK64: Function
FUNCTION_SET_RANGE: Function
FUNCTION_CLEAR_RANGE: Function
FUNCTION_SET_BLOCK64: Function
FUNCTION_CLEAR_BLOCK64: Function
FUNCTION_POPCNT_RANGE: Function
FUNCTION_SUMMARIZE: Function
FUNCTION_FIND: Function
FUNCTION_FIND_BIT_RANGE64: Function
FUNCTION_FILL_ALIGNED: Function
FUNCTION_HAS_SCAVENGE_CANDIDATE: Function
FUNCTION_FIND_SCAVENGE_CANDIDATE: Function
FUNCTION_PACK_PALLOC_SUM: Function
FUNCTION_UNPACK: Function
FUNCTION_MERGE_SUMMARIES: Function
FUNCTION_CHUNK_INDEX: Function
FUNCTION_CHUNK_BASE: Function
FUNCTION_CHUNK_PAGE_INDEX: Function
FUNCTION_OFF_ADDR_TO_LEVEL_INDEX: Function
FUNCTION_LEVEL_INDEX_TO_OFF_ADDR: Function
FUNCTION_ADDRS_TO_SUMMARY_RANGE: Function
FUNCTION_BLOCK_ALIGN_SUMMARY_RANGE: Function
FUNCTION_MAKE_ADDR_RANGE: Function
FUNCTION_RANGE_CONTAINS: Function
FUNCTION_RANGE_SUBTRACT: Function
FUNCTION_RANGE_REMOVE_GREATER_EQUAL: Function
FUNCTION_RANGES_FIND_SUCC: Function
FUNCTION_RANGES_FIND_ADDR_GREATER_EQUAL: Function
FUNCTION_RANGES_CONTAINS: Function
FUNCTION_RANGES_ADD: Function
FUNCTION_RANGES_REMOVE_LAST: Function
FUNCTION_RANGES_REMOVE_GREATER_EQUAL: Function
FUNCTION_RANGES_CLONE_INTO: Function
FUNCTION_PI_NEXT: Function
FUNCTION_PI_RESET: Function
PANIC_KIND_UNSPECIFIED: PanicKind
PANIC_KIND_BOUNDS: PanicKind
PANIC_KIND_NIL_DEREFERENCE: PanicKind
PANIC_KIND_MEMORY_FAULT: PanicKind
PANIC_KIND_DIVIDE: PanicKind

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("protocol_version", "name", "version", "go_version", "capabilities", "operation_count_max", "program_bytes_max", "counters")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    GO_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    COUNTERS_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    name: str
    version: str
    go_version: str
    capabilities: _containers.RepeatedScalarFieldContainer[Capability]
    operation_count_max: int
    program_bytes_max: int
    counters: _containers.RepeatedCompositeFieldContainer[Counter]
    def __init__(self, protocol_version: _Optional[int] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., go_version: _Optional[str] = ..., capabilities: _Optional[_Iterable[_Union[Capability, str]]] = ..., operation_count_max: _Optional[int] = ..., program_bytes_max: _Optional[int] = ..., counters: _Optional[_Iterable[_Union[Counter, _Mapping]]] = ...) -> None: ...

class Counter(_message.Message):
    __slots__ = ("file", "line", "statement_count")
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    file: str
    line: int
    statement_count: int
    def __init__(self, file: _Optional[str] = ..., line: _Optional[int] = ..., statement_count: _Optional[int] = ...) -> None: ...

class Program(_message.Message):
    __slots__ = ("id", "phys_page_size", "phys_huge_page_size", "outside_contract", "checkpoint_interval", "operations", "pacing", "count", "series")
    ID_FIELD_NUMBER: _ClassVar[int]
    PHYS_PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PHYS_HUGE_PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_CONTRACT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    PACING_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    id: int
    phys_page_size: int
    phys_huge_page_size: int
    outside_contract: bool
    checkpoint_interval: int
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    pacing: bool
    count: bool
    series: Series
    def __init__(self, id: _Optional[int] = ..., phys_page_size: _Optional[int] = ..., phys_huge_page_size: _Optional[int] = ..., outside_contract: _Optional[bool] = ..., checkpoint_interval: _Optional[int] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., pacing: _Optional[bool] = ..., count: _Optional[bool] = ..., series: _Optional[_Union[Series, _Mapping]] = ...) -> None: ...

class Series(_message.Message):
    __slots__ = ("seed", "program_count", "operation_count", "weights", "page_counts", "byte_counts", "chunk_counts", "chunk_count_max", "chunk", "gap_max", "part_percent", "filled_percent")
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNTS_FIELD_NUMBER: _ClassVar[int]
    BYTE_COUNTS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNTS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    GAP_MAX_FIELD_NUMBER: _ClassVar[int]
    PART_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FILLED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    seed: int
    program_count: int
    operation_count: int
    weights: _containers.RepeatedScalarFieldContainer[int]
    page_counts: _containers.RepeatedScalarFieldContainer[int]
    byte_counts: _containers.RepeatedScalarFieldContainer[int]
    chunk_counts: _containers.RepeatedScalarFieldContainer[int]
    chunk_count_max: int
    chunk: int
    gap_max: int
    part_percent: int
    filled_percent: int
    def __init__(self, seed: _Optional[int] = ..., program_count: _Optional[int] = ..., operation_count: _Optional[int] = ..., weights: _Optional[_Iterable[int]] = ..., page_counts: _Optional[_Iterable[int]] = ..., byte_counts: _Optional[_Iterable[int]] = ..., chunk_counts: _Optional[_Iterable[int]] = ..., chunk_count_max: _Optional[int] = ..., chunk: _Optional[int] = ..., gap_max: _Optional[int] = ..., part_percent: _Optional[int] = ..., filled_percent: _Optional[int] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("grow", "alloc", "free", "cache", "cache_alloc", "flush", "start_gen", "scavenge", "reserve", "scavenge_one", "unreserve", "call", "grow_at", "free_at", "scavenge_at", "unreserve_at", "poke_summary", "poke_chunk", "poke_search_addr", "tick", "timer", "sysmon", "wake", "ready", "gomaxprocs", "scavenge_cost", "faketime", "scavtrace", "pace", "mark_termination", "sweep_done", "scavenge_all", "span", "heap_retained", "print_scav_trace", "poke_phys_page", "poke_stats", "poke_clock", "gc")
    GROW_FIELD_NUMBER: _ClassVar[int]
    ALLOC_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    CACHE_ALLOC_FIELD_NUMBER: _ClassVar[int]
    FLUSH_FIELD_NUMBER: _ClassVar[int]
    START_GEN_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_ONE_FIELD_NUMBER: _ClassVar[int]
    UNRESERVE_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    GROW_AT_FIELD_NUMBER: _ClassVar[int]
    FREE_AT_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_AT_FIELD_NUMBER: _ClassVar[int]
    UNRESERVE_AT_FIELD_NUMBER: _ClassVar[int]
    POKE_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    POKE_CHUNK_FIELD_NUMBER: _ClassVar[int]
    POKE_SEARCH_ADDR_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIMER_FIELD_NUMBER: _ClassVar[int]
    SYSMON_FIELD_NUMBER: _ClassVar[int]
    WAKE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    GOMAXPROCS_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_COST_FIELD_NUMBER: _ClassVar[int]
    FAKETIME_FIELD_NUMBER: _ClassVar[int]
    SCAVTRACE_FIELD_NUMBER: _ClassVar[int]
    PACE_FIELD_NUMBER: _ClassVar[int]
    MARK_TERMINATION_FIELD_NUMBER: _ClassVar[int]
    SWEEP_DONE_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_ALL_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    HEAP_RETAINED_FIELD_NUMBER: _ClassVar[int]
    PRINT_SCAV_TRACE_FIELD_NUMBER: _ClassVar[int]
    POKE_PHYS_PAGE_FIELD_NUMBER: _ClassVar[int]
    POKE_STATS_FIELD_NUMBER: _ClassVar[int]
    POKE_CLOCK_FIELD_NUMBER: _ClassVar[int]
    GC_FIELD_NUMBER: _ClassVar[int]
    grow: Grow
    alloc: Alloc
    free: Free
    cache: Cache
    cache_alloc: CacheAlloc
    flush: Flush
    start_gen: StartGen
    scavenge: Scavenge
    reserve: Reserve
    scavenge_one: ScavengeOne
    unreserve: Unreserve
    call: Call
    grow_at: GrowAt
    free_at: FreeAt
    scavenge_at: ScavengeAt
    unreserve_at: UnreserveAt
    poke_summary: PokeSummary
    poke_chunk: PokeChunk
    poke_search_addr: PokeSearchAddr
    tick: Tick
    timer: Timer
    sysmon: Sysmon
    wake: Wake
    ready: Ready
    gomaxprocs: Gomaxprocs
    scavenge_cost: ScavengeCost
    faketime: Faketime
    scavtrace: Scavtrace
    pace: Pace
    mark_termination: MarkTermination
    sweep_done: SweepDone
    scavenge_all: ScavengeAll
    span: Span
    heap_retained: HeapRetained
    print_scav_trace: PrintScavTrace
    poke_phys_page: PokePhysPage
    poke_stats: PokeStats
    poke_clock: PokeClock
    gc: Gc
    def __init__(self, grow: _Optional[_Union[Grow, _Mapping]] = ..., alloc: _Optional[_Union[Alloc, _Mapping]] = ..., free: _Optional[_Union[Free, _Mapping]] = ..., cache: _Optional[_Union[Cache, _Mapping]] = ..., cache_alloc: _Optional[_Union[CacheAlloc, _Mapping]] = ..., flush: _Optional[_Union[Flush, _Mapping]] = ..., start_gen: _Optional[_Union[StartGen, _Mapping]] = ..., scavenge: _Optional[_Union[Scavenge, _Mapping]] = ..., reserve: _Optional[_Union[Reserve, _Mapping]] = ..., scavenge_one: _Optional[_Union[ScavengeOne, _Mapping]] = ..., unreserve: _Optional[_Union[Unreserve, _Mapping]] = ..., call: _Optional[_Union[Call, _Mapping]] = ..., grow_at: _Optional[_Union[GrowAt, _Mapping]] = ..., free_at: _Optional[_Union[FreeAt, _Mapping]] = ..., scavenge_at: _Optional[_Union[ScavengeAt, _Mapping]] = ..., unreserve_at: _Optional[_Union[UnreserveAt, _Mapping]] = ..., poke_summary: _Optional[_Union[PokeSummary, _Mapping]] = ..., poke_chunk: _Optional[_Union[PokeChunk, _Mapping]] = ..., poke_search_addr: _Optional[_Union[PokeSearchAddr, _Mapping]] = ..., tick: _Optional[_Union[Tick, _Mapping]] = ..., timer: _Optional[_Union[Timer, _Mapping]] = ..., sysmon: _Optional[_Union[Sysmon, _Mapping]] = ..., wake: _Optional[_Union[Wake, _Mapping]] = ..., ready: _Optional[_Union[Ready, _Mapping]] = ..., gomaxprocs: _Optional[_Union[Gomaxprocs, _Mapping]] = ..., scavenge_cost: _Optional[_Union[ScavengeCost, _Mapping]] = ..., faketime: _Optional[_Union[Faketime, _Mapping]] = ..., scavtrace: _Optional[_Union[Scavtrace, _Mapping]] = ..., pace: _Optional[_Union[Pace, _Mapping]] = ..., mark_termination: _Optional[_Union[MarkTermination, _Mapping]] = ..., sweep_done: _Optional[_Union[SweepDone, _Mapping]] = ..., scavenge_all: _Optional[_Union[ScavengeAll, _Mapping]] = ..., span: _Optional[_Union[Span, _Mapping]] = ..., heap_retained: _Optional[_Union[HeapRetained, _Mapping]] = ..., print_scav_trace: _Optional[_Union[PrintScavTrace, _Mapping]] = ..., poke_phys_page: _Optional[_Union[PokePhysPage, _Mapping]] = ..., poke_stats: _Optional[_Union[PokeStats, _Mapping]] = ..., poke_clock: _Optional[_Union[PokeClock, _Mapping]] = ..., gc: _Optional[_Union[Gc, _Mapping]] = ...) -> None: ...

class Grow(_message.Message):
    __slots__ = ("chunk", "chunk_count")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNT_FIELD_NUMBER: _ClassVar[int]
    chunk: int
    chunk_count: int
    def __init__(self, chunk: _Optional[int] = ..., chunk_count: _Optional[int] = ...) -> None: ...

class Alloc(_message.Message):
    __slots__ = ("slot", "page_count")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    page_count: int
    def __init__(self, slot: _Optional[int] = ..., page_count: _Optional[int] = ...) -> None: ...

class Free(_message.Message):
    __slots__ = ("slot", "first", "limit")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    first: int
    limit: int
    def __init__(self, slot: _Optional[int] = ..., first: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class Cache(_message.Message):
    __slots__ = ("slot",)
    SLOT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    def __init__(self, slot: _Optional[int] = ...) -> None: ...

class CacheAlloc(_message.Message):
    __slots__ = ("slot", "cache", "page_count")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    cache: int
    page_count: int
    def __init__(self, slot: _Optional[int] = ..., cache: _Optional[int] = ..., page_count: _Optional[int] = ...) -> None: ...

class Flush(_message.Message):
    __slots__ = ("cache",)
    CACHE_FIELD_NUMBER: _ClassVar[int]
    cache: int
    def __init__(self, cache: _Optional[int] = ...) -> None: ...

class StartGen(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Scavenge(_message.Message):
    __slots__ = ("byte_count", "counted")
    BYTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    byte_count: int
    counted: bool
    def __init__(self, byte_count: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class Reserve(_message.Message):
    __slots__ = ("slot",)
    SLOT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    def __init__(self, slot: _Optional[int] = ...) -> None: ...

class ScavengeOne(_message.Message):
    __slots__ = ("reservation", "byte_count_max")
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    BYTE_COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    reservation: int
    byte_count_max: int
    def __init__(self, reservation: _Optional[int] = ..., byte_count_max: _Optional[int] = ...) -> None: ...

class Unreserve(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: int
    def __init__(self, reservation: _Optional[int] = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("function", "arguments")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    function: Function
    arguments: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, function: _Optional[_Union[Function, str]] = ..., arguments: _Optional[_Iterable[int]] = ...) -> None: ...

class GrowAt(_message.Message):
    __slots__ = ("base", "size")
    BASE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    base: int
    size: int
    def __init__(self, base: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class FreeAt(_message.Message):
    __slots__ = ("base", "page_count", "scavenged")
    BASE_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SCAVENGED_FIELD_NUMBER: _ClassVar[int]
    base: int
    page_count: int
    scavenged: bool
    def __init__(self, base: _Optional[int] = ..., page_count: _Optional[int] = ..., scavenged: _Optional[bool] = ...) -> None: ...

class ScavengeAt(_message.Message):
    __slots__ = ("base", "limit", "byte_count_max")
    BASE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    BYTE_COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    base: int
    limit: int
    byte_count_max: int
    def __init__(self, base: _Optional[int] = ..., limit: _Optional[int] = ..., byte_count_max: _Optional[int] = ...) -> None: ...

class UnreserveAt(_message.Message):
    __slots__ = ("base", "limit", "generation")
    BASE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    base: int
    limit: int
    generation: int
    def __init__(self, base: _Optional[int] = ..., limit: _Optional[int] = ..., generation: _Optional[int] = ...) -> None: ...

class PokeSummary(_message.Message):
    __slots__ = ("level", "index", "value")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    level: int
    index: int
    value: int
    def __init__(self, level: _Optional[int] = ..., index: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...

class PokeChunk(_message.Message):
    __slots__ = ("chunk", "allocated", "scavenged")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SCAVENGED_FIELD_NUMBER: _ClassVar[int]
    chunk: int
    allocated: bytes
    scavenged: bytes
    def __init__(self, chunk: _Optional[int] = ..., allocated: _Optional[bytes] = ..., scavenged: _Optional[bytes] = ...) -> None: ...

class PokeSearchAddr(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: int
    def __init__(self, address: _Optional[int] = ...) -> None: ...

class Tick(_message.Message):
    __slots__ = ("duration_ns",)
    DURATION_NS_FIELD_NUMBER: _ClassVar[int]
    duration_ns: int
    def __init__(self, duration_ns: _Optional[int] = ...) -> None: ...

class Timer(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Sysmon(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Wake(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Ready(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Gomaxprocs(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class ScavengeCost(_message.Message):
    __slots__ = ("cost_ns",)
    COST_NS_FIELD_NUMBER: _ClassVar[int]
    cost_ns: int
    def __init__(self, cost_ns: _Optional[int] = ...) -> None: ...

class Faketime(_message.Message):
    __slots__ = ("on",)
    ON_FIELD_NUMBER: _ClassVar[int]
    on: bool
    def __init__(self, on: _Optional[bool] = ...) -> None: ...

class Scavtrace(_message.Message):
    __slots__ = ("on",)
    ON_FIELD_NUMBER: _ClassVar[int]
    on: bool
    def __init__(self, on: _Optional[bool] = ...) -> None: ...

class Pace(_message.Message):
    __slots__ = ("heap_goal", "last_heap_goal")
    HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    LAST_HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    heap_goal: int
    last_heap_goal: int
    def __init__(self, heap_goal: _Optional[int] = ..., last_heap_goal: _Optional[int] = ...) -> None: ...

class MarkTermination(_message.Message):
    __slots__ = ("heap_goal", "last_heap_goal")
    HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    LAST_HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    heap_goal: int
    last_heap_goal: int
    def __init__(self, heap_goal: _Optional[int] = ..., last_heap_goal: _Optional[int] = ...) -> None: ...

class SweepDone(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ScavengeAll(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Span(_message.Message):
    __slots__ = ("slot", "page_count")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    page_count: int
    def __init__(self, slot: _Optional[int] = ..., page_count: _Optional[int] = ...) -> None: ...

class HeapRetained(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PrintScavTrace(_message.Message):
    __slots__ = ("generation", "released", "forced")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    FORCED_FIELD_NUMBER: _ClassVar[int]
    generation: int
    released: int
    forced: bool
    def __init__(self, generation: _Optional[int] = ..., released: _Optional[int] = ..., forced: _Optional[bool] = ...) -> None: ...

class PokePhysPage(_message.Message):
    __slots__ = ("byte_count",)
    BYTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    byte_count: int
    def __init__(self, byte_count: _Optional[int] = ...) -> None: ...

class PokeStats(_message.Message):
    __slots__ = ("heap_sys", "heap_released", "heap_inuse")
    HEAP_SYS_FIELD_NUMBER: _ClassVar[int]
    HEAP_RELEASED_FIELD_NUMBER: _ClassVar[int]
    HEAP_INUSE_FIELD_NUMBER: _ClassVar[int]
    heap_sys: int
    heap_released: int
    heap_inuse: int
    def __init__(self, heap_sys: _Optional[int] = ..., heap_released: _Optional[int] = ..., heap_inuse: _Optional[int] = ...) -> None: ...

class PokeClock(_message.Message):
    __slots__ = ("now_ns",)
    NOW_NS_FIELD_NUMBER: _ClassVar[int]
    now_ns: int
    def __init__(self, now_ns: _Optional[int] = ...) -> None: ...

class Gc(_message.Message):
    __slots__ = ("heap_goal", "last_heap_goal")
    HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    LAST_HEAP_GOAL_FIELD_NUMBER: _ClassVar[int]
    heap_goal: int
    last_heap_goal: int
    def __init__(self, heap_goal: _Optional[int] = ..., last_heap_goal: _Optional[int] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("program_id", "start", "steps", "end", "digests", "reached")
    PROGRAM_ID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    program_id: int
    start: Observation
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    end: Observation
    digests: bytes
    reached: bytes
    def __init__(self, program_id: _Optional[int] = ..., start: _Optional[_Union[Observation, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., end: _Optional[_Union[Observation, _Mapping]] = ..., digests: _Optional[bytes] = ..., reached: _Optional[bytes] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("outcome", "printed", "observation")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PRINTED_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    outcome: Outcome
    printed: str
    observation: Observation
    def __init__(self, outcome: _Optional[_Union[Outcome, _Mapping]] = ..., printed: _Optional[str] = ..., observation: _Optional[_Union[Observation, _Mapping]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("nothing", "returned", "thrown", "panicked")
    NOTHING_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    THROWN_FIELD_NUMBER: _ClassVar[int]
    PANICKED_FIELD_NUMBER: _ClassVar[int]
    nothing: Nothing
    returned: Returned
    thrown: Thrown
    panicked: Panicked
    def __init__(self, nothing: _Optional[_Union[Nothing, _Mapping]] = ..., returned: _Optional[_Union[Returned, _Mapping]] = ..., thrown: _Optional[_Union[Thrown, _Mapping]] = ..., panicked: _Optional[_Union[Panicked, _Mapping]] = ...) -> None: ...

class Nothing(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Returned(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class Thrown(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Panicked(_message.Message):
    __slots__ = ("kind", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: PanicKind
    text: str
    def __init__(self, kind: _Optional[_Union[PanicKind, str]] = ..., text: _Optional[str] = ...) -> None: ...

class Observation(_message.Message):
    __slots__ = ("complete", "chunks", "summaries", "search_addr", "start", "end", "in_use", "summary_lengths", "scav_in_use", "scav_gen", "scav_reservation_bytes", "scav_released", "scav_lwm", "free_hwm", "heap_sys", "heap_released", "heap_inuse", "stats_committed", "stats_released", "last_heap_inuse", "scavenge_goal", "cur_arena_base", "cur_arena_end", "now_ns", "background_started", "scavenge_parked", "scavenge_timer_ns", "scavenge_sysmon_wake", "scavenge_print_controller_reset", "crit_sleep_ratio", "controller_err_integral", "controller_err_overflow", "controller_input_overflow", "controller_cooldown_ns")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ADDR_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    IN_USE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_LENGTHS_FIELD_NUMBER: _ClassVar[int]
    SCAV_IN_USE_FIELD_NUMBER: _ClassVar[int]
    SCAV_GEN_FIELD_NUMBER: _ClassVar[int]
    SCAV_RESERVATION_BYTES_FIELD_NUMBER: _ClassVar[int]
    SCAV_RELEASED_FIELD_NUMBER: _ClassVar[int]
    SCAV_LWM_FIELD_NUMBER: _ClassVar[int]
    FREE_HWM_FIELD_NUMBER: _ClassVar[int]
    HEAP_SYS_FIELD_NUMBER: _ClassVar[int]
    HEAP_RELEASED_FIELD_NUMBER: _ClassVar[int]
    HEAP_INUSE_FIELD_NUMBER: _ClassVar[int]
    STATS_COMMITTED_FIELD_NUMBER: _ClassVar[int]
    STATS_RELEASED_FIELD_NUMBER: _ClassVar[int]
    LAST_HEAP_INUSE_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_GOAL_FIELD_NUMBER: _ClassVar[int]
    CUR_ARENA_BASE_FIELD_NUMBER: _ClassVar[int]
    CUR_ARENA_END_FIELD_NUMBER: _ClassVar[int]
    NOW_NS_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_STARTED_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_PARKED_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_TIMER_NS_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_SYSMON_WAKE_FIELD_NUMBER: _ClassVar[int]
    SCAVENGE_PRINT_CONTROLLER_RESET_FIELD_NUMBER: _ClassVar[int]
    CRIT_SLEEP_RATIO_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_ERR_INTEGRAL_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_ERR_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_INPUT_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_COOLDOWN_NS_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    chunks: _containers.RepeatedCompositeFieldContainer[ChunkRun]
    summaries: _containers.RepeatedCompositeFieldContainer[SummaryRun]
    search_addr: int
    start: int
    end: int
    in_use: RangeSet
    summary_lengths: SummaryLengths
    scav_in_use: RangeSet
    scav_gen: int
    scav_reservation_bytes: int
    scav_released: int
    scav_lwm: int
    free_hwm: int
    heap_sys: int
    heap_released: int
    heap_inuse: int
    stats_committed: int
    stats_released: int
    last_heap_inuse: int
    scavenge_goal: int
    cur_arena_base: int
    cur_arena_end: int
    now_ns: int
    background_started: int
    scavenge_parked: int
    scavenge_timer_ns: int
    scavenge_sysmon_wake: int
    scavenge_print_controller_reset: int
    crit_sleep_ratio: int
    controller_err_integral: int
    controller_err_overflow: int
    controller_input_overflow: int
    controller_cooldown_ns: int
    def __init__(self, complete: _Optional[bool] = ..., chunks: _Optional[_Iterable[_Union[ChunkRun, _Mapping]]] = ..., summaries: _Optional[_Iterable[_Union[SummaryRun, _Mapping]]] = ..., search_addr: _Optional[int] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., in_use: _Optional[_Union[RangeSet, _Mapping]] = ..., summary_lengths: _Optional[_Union[SummaryLengths, _Mapping]] = ..., scav_in_use: _Optional[_Union[RangeSet, _Mapping]] = ..., scav_gen: _Optional[int] = ..., scav_reservation_bytes: _Optional[int] = ..., scav_released: _Optional[int] = ..., scav_lwm: _Optional[int] = ..., free_hwm: _Optional[int] = ..., heap_sys: _Optional[int] = ..., heap_released: _Optional[int] = ..., heap_inuse: _Optional[int] = ..., stats_committed: _Optional[int] = ..., stats_released: _Optional[int] = ..., last_heap_inuse: _Optional[int] = ..., scavenge_goal: _Optional[int] = ..., cur_arena_base: _Optional[int] = ..., cur_arena_end: _Optional[int] = ..., now_ns: _Optional[int] = ..., background_started: _Optional[int] = ..., scavenge_parked: _Optional[int] = ..., scavenge_timer_ns: _Optional[int] = ..., scavenge_sysmon_wake: _Optional[int] = ..., scavenge_print_controller_reset: _Optional[int] = ..., crit_sleep_ratio: _Optional[int] = ..., controller_err_integral: _Optional[int] = ..., controller_err_overflow: _Optional[int] = ..., controller_input_overflow: _Optional[int] = ..., controller_cooldown_ns: _Optional[int] = ...) -> None: ...

class ChunkRun(_message.Message):
    __slots__ = ("index", "count", "allocated", "scavenged")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SCAVENGED_FIELD_NUMBER: _ClassVar[int]
    index: int
    count: int
    allocated: bytes
    scavenged: bytes
    def __init__(self, index: _Optional[int] = ..., count: _Optional[int] = ..., allocated: _Optional[bytes] = ..., scavenged: _Optional[bytes] = ...) -> None: ...

class SummaryRun(_message.Message):
    __slots__ = ("level", "index", "count", "value")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    level: int
    index: int
    count: int
    value: int
    def __init__(self, level: _Optional[int] = ..., index: _Optional[int] = ..., count: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...

class RangeSet(_message.Message):
    __slots__ = ("bounds", "total_bytes")
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    bounds: _containers.RepeatedScalarFieldContainer[int]
    total_bytes: int
    def __init__(self, bounds: _Optional[_Iterable[int]] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class SummaryLengths(_message.Message):
    __slots__ = ("lengths",)
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    lengths: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lengths: _Optional[_Iterable[int]] = ...) -> None: ...
