package pageheap

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// inHeap runs a test with a page heap of its own current.
func inHeap(t *testing.T, run func(h *Heap)) {
	t.Helper()
	h := New()
	defer h.Close()
	err := h.Use(4096, 2<<20, func() error {
		h.Start()
		run(h)
		h.Clean(false)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// explained runs f and returns what Explain says of its panic.
func explainedFailure(h *Heap, f func()) (failure Failure, err error) {
	defer func() { failure, err = h.Explain(recover()) }()
	f()
	return failure, errors.New("no panic")
}

const testBase = 0x3000000000

func TestAThrowCarriesItsTextAndWhatWasPrintedBefore(t *testing.T) {
	inHeap(t, func(h *Heap) {
		failure, err := explainedFailure(h, func() { h.mheap.pages.sysGrow(1, pallocChunkBytes) })
		if err != nil || failure != (Failure{Thrown, "sysGrow bounds not aligned to pallocChunkBytes"}) {
			t.Errorf("got %v, %v", failure, err)
		}
		if got := string(h.TakePrinted()); got != "runtime: base = 0x1, limit = 0x400000\n" {
			t.Errorf("printed %q", got)
		}
	})
}

func TestOnlyGoCodeFails(t *testing.T) {
	inHeap(t, func(h *Heap) {
		var nothing []int
		for name, f := range map[string]func(){
			"a bounds panic of a test": func() { _ = nothing[len(nothing)] },
			"a panic with a value":     func() { panic("value") },
			"a lock taken twice":       func() { lock(&h.mheap.lock); lock(&h.mheap.lock) },
		} {
			if failure, err := explainedFailure(h, f); err == nil || !strings.Contains(err.Error(), "the harness itself panicked") {
				t.Errorf("%s: got %v, %v", name, failure, err)
			}
		}
	})
}

func TestPrintWritesAsTheRuntimeDoes(t *testing.T) {
	inHeap(t, func(h *Heap) {
		print("a ", hex(255), " ", -1, " ", int64(-2), " ", uint(3), " ", uint32(4), " ", uint64(5), " ", uintptr(6), sysMemStat(7))
		println(" end", 8)
		println()
		if got := string(h.TakePrinted()); got != "a 0xff -1 -2 3 4 5 67 end 8\n\n" {
			t.Errorf("got %q", got)
		}
		if _, err := explainedFailure(h, func() { print(1.5) }); err == nil {
			t.Error("a value that the shim does not know is accepted")
		}
	})
}

func TestALeftHeapLooksLikeAFreshOne(t *testing.T) {
	h, fresh := New(), New()
	defer h.Close()
	defer fresh.Close()
	for _, contained := range []bool{true, false} {
		h.Use(4096, 0, func() error {
			h.Start()
			h.Grow(testBase, 40*pallocChunkBytes)
			h.Grow(testBase+1<<34, pallocChunkBytes)
			address, _ := h.Alloc(1000)
			h.Free(address, 100, false)
			h.StartGeneration()
			h.Scavenge(1<<20, true)
			h.AccountAllocation(1000, 8192)
			h.mheap.curArena.base, h.mheap.scavengeGoal = 1, 2
			h.scavenge.parked, h.memstats.last_heap_inuse = true, 3
			h.Clean(contained)
			return nil
		})
		for _, part := range []struct{ used, fresh any }{
			{h.mheap.pages, fresh.mheap.pages},
			{h.memstats, fresh.memstats},
			{h.scavenge, fresh.scavenge},
			{h.mheap.curArena, fresh.mheap.curArena},
			{h.mheap.scavengeGoal, fresh.mheap.scavengeGoal},
			{h.mheap.lock, fresh.mheap.lock},
			{*h.mheap.arenas[0], *fresh.mheap.arenas[0]},
		} {
			if !reflect.DeepEqual(part.used, part.fresh) {
				t.Errorf("contained %v: a %T is left as it was", contained, part.used)
			}
		}
		for _, r := range h.memory.kept {
			for at := r.base; at < r.limit; at += 8 {
				if *(*uint64)(pointerTo(at)) != 0 {
					t.Fatalf("contained %v: a summary is left", contained)
				}
			}
		}
		for _, block := range h.memory.freeBlocks {
			if *(*[1 << pallocChunksL2Bits]pallocData)(block) != ([1 << pallocChunksL2Bits]pallocData{}) {
				t.Fatalf("contained %v: a chunk is left", contained)
			}
		}
	}
}

func TestHeapsDoNotSeeEachOther(t *testing.T) {
	a, b := New(), New()
	defer a.Close()
	defer b.Close()
	inUse := func(h *Heap, sizes uintptr, grow uint64) (bytes uint64) {
		h.Use(sizes, 0, func() error {
			if grow != 0 {
				h.Start()
				h.Grow(testBase, grow)
				h.AccountGrowth(grow)
			}
			if debug.scavtrace != 0 || physPageSize != sizes || uint64(memstats.heap_sys) != uint64(h.memstats.heap_sys) || mheap_ != &h.mheap {
				t.Error("the variables are another heap's")
			}
			debug.scavtrace = 1
			_, bytes = h.InUse()
			return nil
		})
		return bytes
	}
	inUse(a, 4096, pallocChunkBytes)
	inUse(b, 8192, 2*pallocChunkBytes)
	if got := inUse(a, 4096, 0); got != pallocChunkBytes {
		t.Errorf("the first heap now has %d bytes in use", got)
	}
	if current != nil || mheap_ != &idle.mheap || physPageSize != idlePageSize {
		t.Error("a heap is still current")
	}
}

func TestSysAllocTakesTheLowestFreeArenas(t *testing.T) {
	inHeap(t, func(h *Heap) {
		const taken = arenaCursorStart + heapArenaBytes
		h.mheap.addArenas(taken, taken+1)
		lock(&h.mheap.lock)
		first, size := h.mheap.sysAlloc(2 * heapArenaBytes)
		second, _ := h.mheap.sysAlloc(1)
		none, _ := h.mheap.sysAlloc(1 << 47)
		unlock(&h.mheap.lock)
		if uintptr(first) != taken+heapArenaBytes || size != 2*heapArenaBytes {
			t.Errorf("got %p, %d", first, size)
		}
		if uintptr(second) != uintptr(first)+size || none != nil {
			t.Errorf("then got %p and %p", second, none)
		}
	})
}

func TestTheTableOfArenasStaysSmallWhereverProgramsGrow(t *testing.T) {
	h := New()
	defer h.Close()
	base := uintptr(unsafe.Pointer(h.mheap.arenas[0]))
	resident := make([]byte, arenaMapBytes/idlePageSize)
	most := 0
	for i := range uintptr(5000) {
		h.mheap.addArenas(i*arenasPerPage*heapArenaBytes/2, i*arenasPerPage*heapArenaBytes/2+1)
		h.mheap.removeArenas()
		if i%100 == 0 {
			most = max(most, residentPages(t, base, resident))
		}
	}
	// Pages of which only reads were made count as well.
	if most == 0 || most > tablePagesMax+1 {
		t.Errorf("%d pages of the table are resident", most)
	}
}

// residentPages counts the pages from base on that are in memory, as many as inMemory has room for.
func residentPages(t *testing.T, base uintptr, inMemory []byte) (count int) {
	t.Helper()
	_, _, errno := syscall.Syscall(syscall.SYS_MINCORE, base, uintptr(len(inMemory))*idlePageSize, uintptr(unsafe.Pointer(&inMemory[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, page := range inMemory {
		count += int(page & 1)
	}
	return count
}

func TestTheHeapGrowsByItself(t *testing.T) {
	inHeap(t, func(h *Heap) {
		lock(&h.mheap.lock)
		growth, ok := h.mheap.grow(1)
		unlock(&h.mheap.lock)
		if !ok || growth != pallocChunkBytes || h.memstats.heap_sys.load() != pallocChunkBytes ||
			h.memstats.heap_released != pallocChunkBytes || h.mheap.curArena.base != arenaCursorStart+pallocChunkBytes {
			t.Errorf("got %d, %v", growth, ok)
		}
	})
}

func TestTheBackgroundScavengerParksWakesAndStops(t *testing.T) {
	inHeap(t, func(h *Heap) {
		h.Grow(testBase, 64*pallocChunkBytes)
		h.AccountGrowth(64 * pallocChunkBytes)
		address, scavenged := h.Alloc(64 * pallocChunkPages)
		h.AccountAllocation(64*pallocChunkPages, scavenged)
		h.Free(address, 64*pallocChunkPages, false)
		h.StartGeneration()
		h.StartBackground()
		if !h.BackgroundStarted() || !h.scavenge.parked || h.scavenge.timer.when != 0 {
			t.Fatal("it does not wait for work")
		}
		h.mheap.scavengeGoal = 0
		wakeScavenger()
		h.Settle()
		if h.mheap.pages.scav.released == 0 || h.scavenge.timer.when <= h.clock.now || !h.scavenge.parked {
			t.Errorf("it released %d and sleeps until %d, at %d",
				h.mheap.pages.scav.released, h.scavenge.timer.when, h.clock.now)
		}
	})
}

func TestAThrowOfTheBackgroundScavengerIsItsResumersFailure(t *testing.T) {
	inHeap(t, func(h *Heap) {
		h.Grow(testBase, 64*pallocChunkBytes)
		h.AccountGrowth(64 * pallocChunkBytes)
		address, scavenged := h.Alloc(64 * pallocChunkPages)
		h.AccountAllocation(64*pallocChunkPages, scavenged)
		h.Free(address, 1, false)
		h.StartGeneration()
		h.StartBackground()
		// One page of 8 KiB is less than this size, which no machine has.
		physPageSize, h.mheap.scavengeGoal = 12288, 0
		// Else the loop, finding nothing more while no time passes, would never end.
		faketime = 1
		wakeScavenger()
		failure, err := explainedFailure(h, h.Settle)
		if err != nil || failure != (Failure{Thrown, "released less than one physical page of memory"}) {
			t.Errorf("got %v, %v", failure, err)
		}
	})
}

func TestScavengeAllGivesEverythingBack(t *testing.T) {
	inHeap(t, func(h *Heap) {
		h.Grow(testBase, pallocChunkBytes)
		address, _ := h.Alloc(pallocChunkPages)
		h.Free(address, pallocChunkPages, false)
		debug.scavtrace = 1
		h.AccountGrowth(2 * pallocChunkBytes)
		h.memstats.heap_released = 0
		h.mheap.scavengeAll()
		want := "scav 0 0 KiB work, 0 KiB total, 0% util\nscav 1 4096 KiB work, 4096 KiB total, 0% util (forced)\n"
		if got := string(h.TakePrinted()); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	})
}

func TestRegionsAreWhatASetOfPagesIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 500 {
		var set regions
		pages := map[uintptr]bool{}
		for range 40 {
			base := random.Uint64N(40)
			r := region{uintptr(base), uintptr(base + 1 + random.Uint64N(10))}
			if random.IntN(2) == 0 {
				set.add(r)
				mark(pages, r, true)
			} else {
				inside, outside := set.remove(r, nil, nil)
				checkSplit(t, pages, r, inside, outside)
				mark(pages, r, false)
			}
			if got := regionsOf(pages); !slices.Equal(got, set) {
				t.Fatalf("got %v, want %v", set, got)
			}
		}
	}
}

func mark(pages map[uintptr]bool, r region, present bool) {
	for page := r.base; page < r.limit; page++ {
		pages[page] = present
	}
}

// checkSplit checks that a region is told apart into what was in the set and what was not.
func checkSplit(t *testing.T, pages map[uintptr]bool, r region, inside, outside []region) {
	t.Helper()
	told := map[uintptr]string{}
	for name, parts := range map[string][]region{"inside": inside, "outside": outside} {
		for _, part := range parts {
			for page := part.base; page < part.limit; page++ {
				told[page] += name
			}
		}
	}
	for page := r.base; page < r.limit; page++ {
		want := "outside"
		if pages[page] {
			want = "inside"
		}
		if told[page] != want {
			t.Fatalf("page %d of %v is told to be %q, want %q", page, r, told[page], want)
		}
	}
	if len(told) != int(r.size()) {
		t.Fatalf("more was told of than %v: %s", r, fmt.Sprint(told))
	}
}

func regionsOf(pages map[uintptr]bool) (list regions) {
	for page := uintptr(0); page < 60; page++ {
		if !pages[page] {
			continue
		}
		if last := len(list) - 1; last >= 0 && list[last].limit == page {
			list[last].limit++
		} else {
			list = append(list, region{page, page + 1})
		}
	}
	return list
}
