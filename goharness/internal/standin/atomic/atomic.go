// Package atomic stands in for runtime/internal/atomic. One page heap runs at a time, on one goroutine at a time, so
// plain loads and stores do what the runtime's atomic ones do.
package atomic

import "unsafe"

// Load returns *p.
func Load(p *uint32) uint32 { return *p }

// Load64 returns *p.
func Load64(p *uint64) uint64 { return *p }

// Loaduintptr returns *p.
func Loaduintptr(p *uintptr) uintptr { return *p }

// Loadp returns the pointer that p points to.
func Loadp(p unsafe.Pointer) unsafe.Pointer { return *(*unsafe.Pointer)(p) }

// Store sets *p.
func Store(p *uint32, value uint32) { *p = value }

// Store64 sets *p.
func Store64(p *uint64, value uint64) { *p = value }

// Storeuintptr sets *p.
func Storeuintptr(p *uintptr, value uintptr) { *p = value }

// StorepNoWB sets the pointer that p points to.
func StorepNoWB(p unsafe.Pointer, value unsafe.Pointer) { *(*unsafe.Pointer)(p) = value }

// Xadd64 adds delta to *p, modulo 2^64, and returns the sum.
func Xadd64(p *uint64, delta int64) uint64 {
	*p += uint64(delta)
	return *p
}

// Xaddint64 adds delta to *p, modulo 2^64, and returns the sum.
func Xaddint64(p *int64, delta int64) int64 {
	*p += delta
	return *p
}

// Xadduintptr adds delta to *p, modulo 2^64, and returns the sum.
func Xadduintptr(p *uintptr, delta uintptr) uintptr {
	*p += delta
	return *p
}
