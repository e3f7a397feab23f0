package series

import "math/bits"

const (
	gamma  = 0x9E3779B97F4A7C15
	mixOne = 0xBF58476D1CE4E5B9
	mixTwo = 0x94D049BB133111EB
	// triple is the length of an entry of a table in Series.
	triple = 3
)

// mix is the output function of splitmix64.
func mix(word uint64) uint64 {
	word = (word ^ word>>30) * mixOne
	word = (word ^ word>>27) * mixTwo
	return word ^ word>>31
}

// choices makes decisions from a seed. Each takes one word of splitmix64.
type choices struct{ state uint64 }

// below returns a number in [0, limit); a limit of 0 stands for 2^64.
func (c *choices) below(limit uint64) uint64 {
	c.state += gamma
	word := mix(c.state)
	if limit == 0 {
		return word
	}
	high, _ := bits.Mul64(word, limit)
	return high
}

// integer returns a number in [low, high].
func (c *choices) integer(low, high uint64) uint64 { return low + c.below(high-low+1) }

// boolean is true in percent of a hundred cases.
func (c *choices) boolean(percent uint64) bool { return c.below(100) >= 100-percent }

// pick returns the place of one of the weights, which add up to total.
func (c *choices) pick(weights []uint64, total uint64) int {
	point := c.below(total)
	place := 0
	for point >= weights[place] {
		point -= weights[place]
		place++
	}
	return place
}

// table is intervals, each with a weight.
type table struct {
	bounds  [][2]uint64
	weights []uint64
	total   uint64
}

// set makes the table of triples.
func (t *table) set(triples []uint64) {
	*t = table{bounds: t.bounds[:0], weights: t.weights[:0]}
	for i := 0; i < len(triples); i += triple {
		t.bounds = append(t.bounds, [2]uint64{triples[i], triples[i+1]})
		t.weights = append(t.weights, triples[i+2])
		t.total += triples[i+2]
	}
}

// number returns a number of one of the intervals.
func (t *table) number(c *choices) uint64 {
	bounds := &t.bounds[c.pick(t.weights, t.total)]
	return c.integer(bounds[0], bounds[1])
}
