package pageheap

import "slices"

// region is the memory [base, limit).
type region struct{ base, limit uintptr }

func (r region) size() uintptr { return r.limit - r.base }

// regions is a sorted list of regions that neither overlap nor touch.
type regions []region

// from returns the place of the first region that ends at or after the address.
func (s regions) from(address uintptr) int {
	place, _ := slices.BinarySearchFunc(s, address, func(r region, address uintptr) int {
		switch {
		case r.limit < address:
			return -1
		case r.limit > address:
			return 1
		}
		return 0
	})
	return place
}

// add joins r to the list.
func (s *regions) add(r region) {
	first := s.from(r.base)
	last := first
	for ; last < len(*s) && (*s)[last].base <= r.limit; last++ {
		r = region{min(r.base, (*s)[last].base), max(r.limit, (*s)[last].limit)}
	}
	*s = slices.Replace(*s, first, last, r)
}

// remove takes r out of the list, appends the parts of r that were in it to inside, and those that were not to outside.
func (s *regions) remove(r region, inside, outside []region) (in, out []region) {
	first := s.from(r.base)
	at := r.base
	var left []region
	last := first
	for ; last < len(*s) && (*s)[last].base < r.limit; last++ {
		old := (*s)[last]
		both := region{max(old.base, r.base), min(old.limit, r.limit)}
		if both.base < both.limit {
			if at < both.base {
				outside = append(outside, region{at, both.base})
			}
			inside = append(inside, both)
			at = both.limit
		}
		if old.base < r.base {
			left = append(left, region{old.base, min(old.limit, r.base)})
		}
		if r.limit < old.limit {
			left = append(left, region{max(old.base, r.limit), old.limit})
		}
	}
	if at < r.limit {
		outside = append(outside, region{at, r.limit})
	}
	*s = slices.Replace(*s, first, last, left...)
	return inside, outside
}

// size is the number of bytes of all regions.
func (s regions) size() (bytes uintptr) {
	for _, r := range s {
		bytes += r.size()
	}
	return bytes
}
