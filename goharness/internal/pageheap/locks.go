package pageheap

// mutex is a lock of the runtime. One task of a page heap runs at a time and none yields while it holds a lock, so a
// lock that is taken twice would be a deadlock in Go as well.
type mutex struct {
	held bool
}

func lock(l *mutex) {
	if l.held {
		panic("lock taken twice")
	}
	l.held = true
}

func unlock(l *mutex) {
	if !l.held {
		panic("unlock of a lock that is not held")
	}
	l.held = false
}

func lockInit(*mutex, lockRank) {}

// The runtime checks these only in builds with static lock ranking.
func assertLockHeld(*mutex)               {}
func assertWorldStoppedOrLockHeld(*mutex) {}

// systemstack runs f; which stack it runs on changes nothing here.
func systemstack(f func()) { f() }
