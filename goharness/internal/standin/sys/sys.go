// Package sys stands in for runtime/internal/sys.
package sys

import "math/bits"

// LeadingZeros64 counts the zero bits above the highest one; 64 for 0.
func LeadingZeros64(x uint64) int { return bits.LeadingZeros64(x) }

// TrailingZeros64 counts the zero bits below the lowest one; 64 for 0.
func TrailingZeros64(x uint64) int { return bits.TrailingZeros64(x) }

// OnesCount64 counts the one bits.
func OnesCount64(x uint64) int { return bits.OnesCount64(x) }
