// Reality is a real program for the scavenger to work on: it fills a heap, lets most of it die, waits while memory is
// given back in the background, and gives back the rest by force. Run it with GODEBUG=gctrace=1,scavtrace=1.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// A block is a span of its own, eight pages long.
	blockBytes = 64 << 10
	blockCount = 1536
	// survivorInterval keeps every so many-th block, so that holes are left between survivors.
	survivorInterval = 8
	waits            = 3
	waitTime         = 4 * time.Second
)

// page is the least physical page there is; each is written to, so that it is really there.
const page = 4096

func main() {
	phase("fill")
	blocks := make([][]byte, blockCount)
	for i := range blocks {
		blocks[i] = make([]byte, blockBytes)
		for at := 0; at < blockBytes; at += page {
			blocks[i][at] = 1
		}
		time.Sleep(time.Millisecond)
	}
	runtime.GC()

	phase("drop")
	for i := range blocks {
		if i%survivorInterval != 0 {
			blocks[i] = nil
		}
	}
	runtime.GC()

	phase("wait")
	for i := 0; i < waits; i++ {
		time.Sleep(waitTime)
		runtime.GC()
	}

	phase("force")
	debug.FreeOSMemory()
	time.Sleep(100 * time.Millisecond)
	runtime.KeepAlive(blocks)
}

func phase(name string) { fmt.Fprintln(os.Stderr, "phase", name) }
