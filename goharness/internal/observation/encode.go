package observation

import (
	"encoding/binary"
	"math/bits"

	"scavdiff/goharness/internal/pageheap"
)

// The canonical encoding: proto3's wire form with the fields in ascending order, written directly. Field numbers are
// those of Observation, ChunkRun, SummaryRun, RangeSet and SummaryLengths in pageheap.proto; a test holds the result
// equal to what the generated code writes.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2

	chunkRunBytes   = 9 + 9 + 2*(2+64)
	summaryRunBytes = 4 * 9
)

func appendTag(to []byte, field, wireType int) []byte {
	return binary.AppendUvarint(to, uint64(field)<<3|uint64(wireType))
}

func appendFixed64(to []byte, field int, value uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(to, field, wireFixed64), value)
}

func appendHeader(to []byte, field, length int) []byte {
	return binary.AppendUvarint(appendTag(to, field, wireBytes), uint64(length))
}

// AppendMessage appends an embedded message, bytes or a string, also when it is empty.
func AppendMessage(to []byte, field int, content []byte) []byte {
	return append(appendHeader(to, field, len(content)), content...)
}

// AppendFixed64 appends a fixed64 that is present.
func AppendFixed64(to []byte, field int, value uint64) []byte { return appendFixed64(to, field, value) }

// AppendWords appends a packed repeated fixed64; none are absent.
func AppendWords(to []byte, field int, words []uint64) []byte {
	if len(words) == 0 {
		return to
	}
	to = appendHeader(to, field, 8*len(words))
	for _, word := range words {
		to = binary.LittleEndian.AppendUint64(to, word)
	}
	return to
}

func appendBits(to []byte, field int, bitmap *pageheap.Bits) []byte {
	to = appendHeader(to, field, 64)
	for _, word := range bitmap {
		to = binary.LittleEndian.AppendUint64(to, word)
	}
	return to
}

// chunkRun is a run of neighbouring chunks with the same content.
type chunkRun struct {
	index, count uint64
	content      pageheap.Chunk
}

// take adds a chunk to the run, or appends the run and starts another.
func (r *chunkRun) take(to []byte, index uint64, content *pageheap.Chunk) []byte {
	if r.count != 0 && index == r.index+r.count && *content == r.content {
		r.count++
		return to
	}
	to = r.finish(to)
	r.index, r.count, r.content = index, 1, *content
	return to
}

func (r *chunkRun) finish(to []byte) []byte {
	if r.count == 0 {
		return to
	}
	to = appendHeader(to, 2, chunkRunBytes)
	to = appendFixed64(to, 1, r.index)
	to = appendFixed64(to, 2, r.count)
	to = appendBits(to, 3, &r.content.Allocated)
	to = appendBits(to, 4, &r.content.Scavenged)
	r.count = 0
	return to
}

// summaryRun is a run of neighbouring summaries of a level with the same value.
type summaryRun struct{ level, index, count, value uint64 }

func (r *summaryRun) take(to []byte, level, index, value uint64) []byte {
	if r.count != 0 && level == r.level && index == r.index+r.count && value == r.value {
		r.count++
		return to
	}
	to = r.finish(to)
	*r = summaryRun{level, index, 1, value}
	return to
}

func (r *summaryRun) finish(to []byte) []byte {
	if r.count == 0 {
		return to
	}
	to = appendHeader(to, 3, summaryRunBytes)
	to = appendFixed64(to, 1, r.level)
	to = appendFixed64(to, 2, r.index)
	to = appendFixed64(to, 3, r.count)
	to = appendFixed64(to, 4, r.value)
	r.count = 0
	return to
}

func appendRanges(to []byte, field int, ranges []pageheap.Range, totalBytes uint64) []byte {
	bounds := 16 * len(ranges)
	length := 9
	if bounds != 0 {
		length += 1 + uvarintLength(uint64(bounds)) + bounds
	}
	to = appendHeader(to, field, length)
	if bounds != 0 {
		to = appendHeader(to, 1, bounds)
		for _, r := range ranges {
			to = binary.LittleEndian.AppendUint64(to, r.Base)
			to = binary.LittleEndian.AppendUint64(to, r.Limit)
		}
	}
	return appendFixed64(to, 2, totalBytes)
}

// AppendWordsMessage appends an embedded message that holds words, of which there is at least one.
func AppendWordsMessage(to []byte, field, wordsField int, words []uint64) []byte {
	length := 8 * len(words)
	to = appendHeader(to, field, 1+uvarintLength(uint64(length))+length)
	return AppendWords(to, wordsField, words)
}

func uvarintLength(value uint64) int { return (bits.Len64(value|1) + 6) / 7 }

// AppendText appends a string; an empty one is absent.
func AppendText(to []byte, field int, text string) []byte {
	if text == "" {
		return to
	}
	return append(appendHeader(to, field, len(text)), text...)
}

// AppendEnum appends an enum; 0 is absent.
func AppendEnum(to []byte, field int, value uint64) []byte {
	if value == 0 {
		return to
	}
	return binary.AppendUvarint(appendTag(to, field, wireVarint), value)
}
