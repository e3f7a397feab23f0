package pageheap

// GOOS is what Go's own tests ask the runtime for.
const GOOS = "linux"
