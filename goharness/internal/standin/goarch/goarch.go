// Package goarch stands in for internal/goarch on amd64.
package goarch

// PtrSize is the size of a pointer in bytes.
const PtrSize = 8
