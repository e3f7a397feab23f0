package pageheap

// What malloc.go, mheap.go and the sizeclass tables define for linux/amd64.
const (
	pageShift       = 13
	pageSize        = 1 << pageShift
	maxPhysPageSize = 512 << 10

	heapAddrBits    = 48
	uintptrMask     = 1<<64 - 1
	arenaBaseOffset = 0xffff800000000000

	logHeapArenaBytes = 26
	heapArenaBytes    = 1 << logHeapArenaBytes
	arenaL1Bits       = 0
	arenaL2Bits       = heapAddrBits - logHeapArenaBytes - arenaL1Bits
	arenaL1Shift      = arenaL2Bits
)

// Arguments that the runtime passes to its scheduler and lock ranking, which the shim does not look at.
const (
	lockRankMheap lockRank = iota
	lockRankScavenge
)

const (
	waitReasonSleep waitReason = iota
	waitReasonGCScavengeWait
)

const (
	traceEvGoSleep byte = iota
	traceEvGoBlock
)

type (
	lockRank   int
	waitReason uint8
)
