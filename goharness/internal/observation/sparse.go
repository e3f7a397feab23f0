package observation

// sparse is a large array that is mostly zero. Its cost is that of the blocks that were touched: what is large and never
// touched would be no memory, but the collector counts it as live, and lets as much again pile up.
type sparse[T any] struct {
	// index holds pages of entries, those that were ever needed. An entry is, for a block, 1 + its place in blocks, or 0
	// for a block that is zero.
	index  []*[entriesPerPage]uint32
	blocks []*[blockLength]T
	// used lists the blocks, in the order of blocks, that the index names.
	used []uint32
}

const (
	blockShift  = 6
	blockLength = 1 << blockShift
	// blocksKept bounds what a cleared array keeps for its next use.
	blocksKept = 4096

	pageShift      = 10
	entriesPerPage = 1 << pageShift
)

func newSparse[T any](length uint64) *sparse[T] {
	const perPage = blockLength * entriesPerPage
	return &sparse[T]{index: make([]*[entriesPerPage]uint32, (length+perPage-1)/perPage)}
}

// at returns the element at i, to be read or written.
func (s *sparse[T]) at(i uint64) *T {
	page := s.index[i>>(blockShift+pageShift)]
	if page == nil {
		page = new([entriesPerPage]uint32)
		s.index[i>>(blockShift+pageShift)] = page
	}
	entry := &page[i>>blockShift%entriesPerPage]
	if *entry == 0 {
		s.used = append(s.used, uint32(i>>blockShift))
		*entry = uint32(len(s.used))
		if len(s.used) > len(s.blocks) {
			s.blocks = append(s.blocks, new([blockLength]T))
		}
	}
	return &s.blocks[*entry-1][i%blockLength]
}

// clear makes everything zero.
func (s *sparse[T]) clear() {
	for place, block := range s.used {
		s.index[block>>pageShift][block%entriesPerPage] = 0
		*s.blocks[place] = [blockLength]T{}
	}
	s.used = s.used[:0]
	if len(s.blocks) > blocksKept {
		clear(s.blocks[blocksKept:])
		s.blocks = s.blocks[:blocksKept]
	}
}
