// Package observation says the state of a page heap, whole or as exactly what changed, in the protocol's canonical
// encoding.
package observation

import (
	"bytes"
	"unsafe"

	"scavdiff/goharness/internal/pageheap"
)

// Recorder remembers the state that the reader of its observations knows, so that a change is exact: it is a difference
// between two states, not a record of writes.
type Recorder struct {
	heap *pageheap.Heap

	chunks        *sparse[pageheap.Chunk]
	summaries     [pageheap.LevelCount]*sparse[uint64]
	scalars       pageheap.Scalars
	pacing        pageheap.Pacing
	observePacing bool
	inUse         ranges
	scavengeInUse ranges
	inUseChunks   []interval
	touchedInUse  []interval
}

type ranges struct {
	list       []pageheap.Range
	totalBytes uint64
}

func (r *ranges) differ(list []pageheap.Range, totalBytes uint64) bool {
	return r.totalBytes != totalBytes || !bytes.Equal(memoryOf(r.list), memoryOf(list))
}

// memoryOf shows ranges as bytes: a heap may have a thousand, compared after every operation.
func memoryOf(list []pageheap.Range) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list)*int(unsafe.Sizeof(pageheap.Range{})))
}

func (r *ranges) set(list []pageheap.Range, totalBytes uint64) {
	r.list, r.totalBytes = append(r.list[:0], list...), totalBytes
}

// NewRecorder makes a recorder that knows a heap with nothing in it.
func NewRecorder(heap *pageheap.Heap) *Recorder {
	r := &Recorder{heap: heap, chunks: newSparse[pageheap.Chunk](pageheap.ChunkCount)}
	for level := range r.summaries {
		r.summaries[level] = newSparse[uint64](pageheap.ChunkCount >> pageheap.LevelShift(level))
	}
	return r
}

// Reset forgets everything, at a cost that is that of what was observed.
func (r *Recorder) Reset() {
	r.chunks.clear()
	for _, summaries := range r.summaries {
		summaries.clear()
	}
	r.scalars = pageheap.Scalars{}
	r.pacing, r.observePacing = pageheap.Pacing{}, false
	r.inUse.set(nil, 0)
	r.scavengeInUse.set(nil, 0)
	r.inUseChunks = r.inUseChunks[:0]
}

// ObservePacing makes observations tell what paces the scavenger, until the next Reset.
func (r *Recorder) ObservePacing() { r.observePacing = true }

// AppendComplete appends the whole state.
func (r *Recorder) AppendComplete(to []byte) []byte {
	to = append(appendTag(to, 1, wireVarint), 1)
	r.noteInUse()
	to = r.appendChunks(to, r.inUseChunks, true)
	to = r.appendSummaries(to, r.inUseChunks, true, true)
	return r.appendScalars(to, true)
}

// AppendTouched appends what differs from the state that is known, looking only at the chunks that were touched and at
// the summaries on their paths. It may reorder touched.
func (r *Recorder) AppendTouched(to []byte, touched []interval) []byte {
	r.noteInUse()
	touched = merge(touched)
	r.touchedInUse = r.touchedInUse[:0]
	inside := true
	for _, chunks := range touched {
		clipped := len(r.touchedInUse)
		r.touchedInUse = clip(chunks, r.inUseChunks, r.touchedInUse)
		inside = inside && len(r.touchedInUse) == clipped+1 && r.touchedInUse[clipped] == chunks
	}
	to = r.appendChunks(to, r.touchedInUse, false)
	to = r.appendSummaries(to, touched, inside, false)
	return r.appendScalars(to, false)
}

// AppendScanned appends what differs from the state that is known, looking at everything.
func (r *Recorder) AppendScanned(to []byte) []byte {
	r.noteInUse()
	to = r.appendChunks(to, r.inUseChunks, false)
	to = r.appendSummaries(to, r.inUseChunks, true, false)
	return r.appendScalars(to, false)
}

// noteInUse brings inUseChunks up to date.
func (r *Recorder) noteInUse() {
	if list, totalBytes := r.heap.InUse(); r.inUse.differ(list, totalBytes) {
		r.inUseChunks = chunksOf(list, r.inUseChunks[:0])
	}
}

// appendChunks appends those of the given chunks, all in use, that are not zero, or differ from what is known.
func (r *Recorder) appendChunks(to []byte, intervals []interval, complete bool) []byte {
	var run chunkRun
	for _, chunks := range intervals {
		for index := chunks.First; index <= chunks.Last; index++ {
			now := r.heap.ChunkAt(index)
			if now == nil {
				// Growth outside the contract failed before it made the block: as good as zero.
				now = new(pageheap.Chunk)
			}
			known := r.chunks.at(index)
			changed := *now != *known
			if changed {
				*known = *now
			}
			if changed && !complete || complete && *now != (pageheap.Chunk{}) {
				to = run.take(to, index, now)
			}
		}
	}
	return run.finish(to)
}

// appendSummaries does the same with the summaries on the paths of the given chunks. Unless all the chunks are inside
// what is in use, a summary counts only if it is also on the path of a chunk in use.
func (r *Recorder) appendSummaries(to []byte, intervals []interval, inside, complete bool) []byte {
	var run summaryRun
	mayFault := r.heap.SummariesMayFault()
	for level := range r.summaries {
		shift := pageheap.LevelShift(level)
		summaries := r.heap.Summaries(level)
		next := uint64(0)
		for _, chunks := range intervals {
			for index := max(next, chunks.First>>shift); index <= chunks.Last>>shift; index++ {
				if !inside && !anyIn(r.inUseChunks, index<<shift, (index+1)<<shift-1) {
					continue
				}
				var now uint64
				if mayFault {
					now = r.heap.PeekSummary(level, index)
				} else {
					now = summaries[index]
				}
				known := r.summaries[level].at(index)
				changed := now != *known
				*known = now
				if changed && !complete || complete && now != 0 {
					to = run.take(to, uint64(level), index, now)
				}
			}
			next = chunks.Last>>shift + 1
		}
	}
	return run.finish(to)
}

// appendScalars appends the numbers and ranges that differ from what is known, or all.
func (r *Recorder) appendScalars(to []byte, complete bool) []byte {
	var now pageheap.Scalars
	r.heap.State(&now)
	known := &r.scalars
	number := func(field int, now, known uint64) {
		if complete || now != known {
			to = appendFixed64(to, field, now)
		}
	}
	rangeSet := func(field int, known *ranges, list []pageheap.Range, totalBytes uint64) {
		if complete || known.differ(list, totalBytes) {
			to = appendRanges(to, field, list, totalBytes)
			known.set(list, totalBytes)
		}
	}
	inUse, inUseBytes := r.heap.InUse()
	scavengeInUse, scavengeInUseBytes := r.heap.ScavengeInUse()

	number(4, now.SearchAddr, known.SearchAddr)
	number(5, now.Start, known.Start)
	number(6, now.End, known.End)
	rangeSet(7, &r.inUse, inUse, inUseBytes)
	if complete || now.SummaryLengths != known.SummaryLengths {
		to = AppendWordsMessage(to, 8, 1, now.SummaryLengths[:])
	}
	rangeSet(9, &r.scavengeInUse, scavengeInUse, scavengeInUseBytes)
	number(10, now.Generation, known.Generation)
	number(11, now.ReservationBytes, known.ReservationBytes)
	number(12, now.Released, known.Released)
	number(13, now.ScavLWM, known.ScavLWM)
	number(14, now.FreeHWM, known.FreeHWM)
	number(15, now.HeapSys, known.HeapSys)
	number(16, now.HeapReleased, known.HeapReleased)
	number(17, now.HeapInuse, known.HeapInuse)
	number(18, now.StatsCommitted, known.StatsCommitted)
	number(19, now.StatsReleased, known.StatsReleased)
	*known = now
	return r.appendPacing(to, complete)
}

// pacingFirst is the number of the first of Observation's pacing fields.
const pacingFirst = 20

// appendPacing does the same with what paces the scavenger.
func (r *Recorder) appendPacing(to []byte, complete bool) []byte {
	if !r.observePacing {
		return to
	}
	now := r.heap.Pacing()
	for i, value := range now {
		if complete || value != r.pacing[i] {
			to = appendFixed64(to, pacingFirst+i, value)
		}
	}
	r.pacing = now
	return to
}
