package pageheap

// mstats is the part of the runtime's statistics that the page heap reads and changes.
type mstats struct {
	heap_sys        sysMemStat
	heap_released   uint64
	heap_inuse      uint64
	last_heap_inuse uint64
	heapStats       consistentHeapStats
}

// heapStatsDelta is what the page heap changes of the consistent statistics; both are sums of deltas.
type heapStatsDelta struct {
	committed int64
	released  int64
}

// consistentHeapStats needs no shards and no generations where one task runs at a time.
type consistentHeapStats struct {
	total heapStatsDelta
}

func (s *consistentHeapStats) acquire() *heapStatsDelta { return &s.total }
func (s *consistentHeapStats) release()                 {}
