package program

import (
	"scavdiff/goharness/internal/pageheap"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// function is one pure function that a program can call.
type function struct {
	name string
	// words counts the arguments before the list, if there is one.
	words int
	// element is the number of words of an element of the list at the end; 0 if there is no list.
	element int
	call    func(arguments []uint64, results []uint64) []uint64
}

// accepts tells whether a number of words fits the function.
func (f *function) accepts(words int) bool {
	if f.element == 0 {
		return words == f.words
	}
	return words >= f.words && (words-f.words)%f.element == 0
}

// functions is indexed by wire.Function; a number without a function has no name.
var functions = [...]function{
	wire.Function_FUNCTION_GET: {"get", 9, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.Get(bitsOf(a), a[8]))
	}},
	wire.Function_FUNCTION_BLOCK64: {"block64", 9, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.Block64(bitsOf(a), a[8]))
	}},
	wire.Function_FUNCTION_SET_RANGE: {"set_range", 10, 0, func(a, to []uint64) []uint64 {
		return appendBits(to, pageheap.SetRange(bitsOf(a), a[8], a[9]))
	}},
	wire.Function_FUNCTION_CLEAR_RANGE: {"clear_range", 10, 0, func(a, to []uint64) []uint64 {
		return appendBits(to, pageheap.ClearRange(bitsOf(a), a[8], a[9]))
	}},
	wire.Function_FUNCTION_SET_BLOCK64: {"set_block64", 10, 0, func(a, to []uint64) []uint64 {
		return appendBits(to, pageheap.SetBlock64(bitsOf(a), a[8], a[9]))
	}},
	wire.Function_FUNCTION_CLEAR_BLOCK64: {"clear_block64", 10, 0, func(a, to []uint64) []uint64 {
		return appendBits(to, pageheap.ClearBlock64(bitsOf(a), a[8], a[9]))
	}},
	wire.Function_FUNCTION_POPCNT_RANGE: {"popcnt_range", 10, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.CountRange(bitsOf(a), a[8], a[9]))
	}},
	wire.Function_FUNCTION_SUMMARIZE: {"summarize", 8, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.Summarize(bitsOf(a)))
	}},
	wire.Function_FUNCTION_FIND: {"find", 10, 0, func(a, to []uint64) []uint64 {
		index, search := pageheap.Find(bitsOf(a), a[8], a[9])
		return append(to, index, search)
	}},
	wire.Function_FUNCTION_FIND_BIT_RANGE64: {"find_bit_range64", 2, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.FindRange64(a[0], a[1]))
	}},
	wire.Function_FUNCTION_FILL_ALIGNED: {"fill_aligned", 2, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.AlignFilled(a[0], a[1]))
	}},
	wire.Function_FUNCTION_HAS_SCAVENGE_CANDIDATE: {"has_scavenge_candidate", 17, 0, func(a, to []uint64) []uint64 {
		return append(to, word(pageheap.HasScavengeCandidate(bitsOf(a), bitsOf(a[8:]), a[16])))
	}},
	wire.Function_FUNCTION_FIND_SCAVENGE_CANDIDATE: {"find_scavenge_candidate", 19, 0, func(a, to []uint64) []uint64 {
		start, size := pageheap.FindScavengeCandidate(bitsOf(a), bitsOf(a[8:]), a[16], a[17], a[18])
		return append(to, start, size)
	}},
	wire.Function_FUNCTION_PACK_PALLOC_SUM: {"pack_palloc_sum", 3, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.PackSummary(a[0], a[1], a[2]))
	}},
	wire.Function_FUNCTION_UNPACK: {"unpack", 1, 0, func(a, to []uint64) []uint64 {
		unpacked := pageheap.UnpackSummary(a[0])
		return append(to, unpacked[:]...)
	}},
	wire.Function_FUNCTION_MERGE_SUMMARIES: {"merge_summaries", 1, 1, func(a, to []uint64) []uint64 {
		return append(to, pageheap.MergeSummaries(a[1:], a[0]))
	}},
	wire.Function_FUNCTION_CHUNK_INDEX: {"chunk_index", 1, 0, func(a, to []uint64) []uint64 {
		index, l1, l2 := pageheap.ChunkIndex(a[0])
		return append(to, index, l1, l2)
	}},
	wire.Function_FUNCTION_CHUNK_BASE: {"chunk_base", 1, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.ChunkBase(a[0]))
	}},
	wire.Function_FUNCTION_CHUNK_PAGE_INDEX: {"chunk_page_index", 1, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.ChunkPageIndex(a[0]))
	}},
	wire.Function_FUNCTION_OFF_ADDR_TO_LEVEL_INDEX: {"off_addr_to_level_index", 2, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.OffAddrToLevelIndex(a[0], a[1]))
	}},
	wire.Function_FUNCTION_LEVEL_INDEX_TO_OFF_ADDR: {"level_index_to_off_addr", 2, 0, func(a, to []uint64) []uint64 {
		return append(to, pageheap.LevelIndexToOffAddr(a[0], a[1]))
	}},
	wire.Function_FUNCTION_ADDRS_TO_SUMMARY_RANGE: {"addrs_to_summary_range", 3, 0, func(a, to []uint64) []uint64 {
		lo, hi := pageheap.AddrsToSummaryRange(a[0], a[1], a[2])
		return append(to, lo, hi)
	}},
	wire.Function_FUNCTION_BLOCK_ALIGN_SUMMARY_RANGE: {"block_align_summary_range", 3, 0, func(a, to []uint64) []uint64 {
		lo, hi := pageheap.BlockAlignSummaryRange(a[0], a[1], a[2])
		return append(to, lo, hi)
	}},
	wire.Function_FUNCTION_MAKE_ADDR_RANGE: {"make_addr_range", 2, 0, func(a, to []uint64) []uint64 {
		r, size := pageheap.NewRange(a[0], a[1])
		return append(to, r.Base, r.Limit, size)
	}},
	wire.Function_FUNCTION_RANGE_CONTAINS: {"range_contains", 3, 0, func(a, to []uint64) []uint64 {
		return append(to, word(pageheap.Range{Base: a[0], Limit: a[1]}.Contains(a[2])))
	}},
	wire.Function_FUNCTION_RANGE_SUBTRACT: {"range_subtract", 4, 0, func(a, to []uint64) []uint64 {
		r := pageheap.Range{Base: a[0], Limit: a[1]}.Subtract(pageheap.Range{Base: a[2], Limit: a[3]})
		return append(to, r.Base, r.Limit)
	}},
	wire.Function_FUNCTION_RANGE_REMOVE_GREATER_EQUAL: {"range_remove_greater_equal", 3, 0, func(a, to []uint64) []uint64 {
		r := pageheap.Range{Base: a[0], Limit: a[1]}.RemoveGreaterEqual(a[2])
		return append(to, r.Base, r.Limit)
	}},
	wire.Function_FUNCTION_RANGES_FIND_SUCC: {"ranges_find_succ", 1, 2, func(a, to []uint64) []uint64 {
		return append(to, pageheap.NewRanges(rangesOf(a[1:])).FindSucc(a[0]))
	}},
	wire.Function_FUNCTION_RANGES_FIND_ADDR_GREATER_EQUAL: {"ranges_find_addr_greater_equal", 1, 2, func(a, to []uint64) []uint64 {
		address, ok := pageheap.NewRanges(rangesOf(a[1:])).FindAddrGreaterEqual(a[0])
		return append(to, address, word(ok))
	}},
	wire.Function_FUNCTION_RANGES_CONTAINS: {"ranges_contains", 1, 2, func(a, to []uint64) []uint64 {
		return append(to, word(pageheap.NewRanges(rangesOf(a[1:])).Contains(a[0])))
	}},
	wire.Function_FUNCTION_RANGES_ADD: {"ranges_add", 2, 2, func(a, to []uint64) []uint64 {
		set := pageheap.NewRanges(rangesOf(a[2:]))
		set.Add(pageheap.Range{Base: a[0], Limit: a[1]})
		return appendRanges(to, set)
	}},
	wire.Function_FUNCTION_RANGES_REMOVE_LAST: {"ranges_remove_last", 1, 2, func(a, to []uint64) []uint64 {
		set := pageheap.NewRanges(rangesOf(a[1:]))
		r := set.RemoveLast(a[0])
		return appendRanges(append(to, r.Base, r.Limit), set)
	}},
	wire.Function_FUNCTION_RANGES_REMOVE_GREATER_EQUAL: {"ranges_remove_greater_equal", 1, 2, func(a, to []uint64) []uint64 {
		set := pageheap.NewRanges(rangesOf(a[1:]))
		set.RemoveGreaterEqual(a[0])
		return appendRanges(to, set)
	}},
	wire.Function_FUNCTION_RANGES_CLONE_INTO: {"ranges_clone_into", 1, 2, func(a, to []uint64) []uint64 {
		list := rangesOf(a[1:])
		set := pageheap.NewRanges(list)
		destination := pageheap.NewRanges(list[:min(a[0], uint64(len(list)))])
		set.CloneInto(destination)
		return appendRanges(to, destination)
	}},
	wire.Function_FUNCTION_PI_NEXT: {"pi_next", 11, 0, func(a, to []uint64) []uint64 {
		c := pageheap.Controller{
			KP: a[0], TI: a[1], TT: a[2], Min: a[3], Max: a[4],
			ErrIntegral: a[5], ErrOverflow: a[6] != 0, InputOverflow: a[7] != 0,
		}
		output, ok := c.Next(a[8], a[9], a[10])
		return append(to, output, word(ok), c.ErrIntegral, word(c.ErrOverflow), word(c.InputOverflow))
	}},
	wire.Function_FUNCTION_PI_RESET: {"pi_reset", 3, 0, func(a, to []uint64) []uint64 {
		c := pageheap.Controller{ErrIntegral: a[0], ErrOverflow: a[1] != 0, InputOverflow: a[2] != 0}
		c.Reset()
		return append(to, c.ErrIntegral, word(c.ErrOverflow), word(c.InputOverflow))
	}},
}

// isPacing tells whether a function belongs to what only programs with pacing may use.
func isPacing(number wire.Function) bool { return number >= wire.Function_FUNCTION_PI_NEXT }

// functionOf returns the function of a number, or nil.
func functionOf(number wire.Function) *function {
	if number < 0 || int(number) >= len(functions) || functions[number].name == "" {
		return nil
	}
	return &functions[number]
}

func bitsOf(words []uint64) pageheap.Bits { return pageheap.Bits(words[:8]) }

func appendBits(to []uint64, bits pageheap.Bits) []uint64 { return append(to, bits[:]...) }

func word(value bool) uint64 {
	if value {
		return 1
	}
	return 0
}

func rangesOf(words []uint64) []pageheap.Range {
	ranges := make([]pageheap.Range, 0, len(words)/2)
	for i := 0; i < len(words); i += 2 {
		ranges = append(ranges, pageheap.Range{Base: words[i], Limit: words[i+1]})
	}
	return ranges
}

// appendRanges appends the bytes that a set counts, then its ranges.
func appendRanges(to []uint64, set *pageheap.Ranges) []uint64 {
	ranges, totalBytes := set.View()
	to = append(to, totalBytes)
	for _, r := range ranges {
		to = append(to, r.Base, r.Limit)
	}
	return to
}
