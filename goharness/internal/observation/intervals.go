package observation

import (
	"cmp"
	"slices"

	"scavdiff/goharness/internal/pageheap"
)

// interval is the chunks [first, last].
type interval = pageheap.Touched

// merge sorts intervals and joins those that overlap or touch. It works in place.
func merge(intervals []interval) []interval {
	if len(intervals) <= 1 {
		return intervals
	}
	for i := range intervals {
		if intervals[i].First > intervals[i].Last {
			intervals[i].First, intervals[i].Last = intervals[i].Last, intervals[i].First
		}
	}
	slices.SortFunc(intervals, func(a, b interval) int { return cmp.Compare(a.First, b.First) })
	merged := intervals[:1]
	for _, next := range intervals[1:] {
		last := &merged[len(merged)-1]
		if next.First <= last.Last+1 {
			last.Last = max(last.Last, next.Last)
		} else {
			merged = append(merged, next)
		}
	}
	return merged
}

// chunksOf appends the chunks of ranges as intervals.
func chunksOf(ranges []pageheap.Range, to []interval) []interval {
	for _, r := range ranges {
		to = append(to, interval{First: pageheap.ChunkIndexOf(r.Base), Last: pageheap.ChunkIndexOf(r.Limit - 1)})
	}
	return merge(to)
}

// firstIn returns the place of the first of the sorted, disjoint intervals that ends at or after the chunk.
func firstIn(intervals []interval, chunk uint64) int {
	if len(intervals) == 1 {
		if intervals[0].Last < chunk {
			return 1
		}
		return 0
	}
	place, _ := slices.BinarySearchFunc(intervals, chunk, func(in interval, chunk uint64) int {
		return cmp.Compare(in.Last, chunk)
	})
	return place
}

// anyIn tells whether one of the chunks [first, last] is in the sorted, disjoint intervals.
func anyIn(intervals []interval, first, last uint64) bool {
	place := firstIn(intervals, first)
	return place < len(intervals) && intervals[place].First <= last
}

// clip appends the parts of the interval that are in the sorted, disjoint intervals.
func clip(in interval, intervals, to []interval) []interval {
	for place := firstIn(intervals, in.First); place < len(intervals) && intervals[place].First <= in.Last; place++ {
		to = append(to, interval{First: max(in.First, intervals[place].First), Last: min(in.Last, intervals[place].Last)})
	}
	return to
}
