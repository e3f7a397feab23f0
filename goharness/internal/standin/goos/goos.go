// Package goos stands in for internal/goos on linux.
package goos

// 1 where the operating system is the one named, else 0.
const (
	IsAix    = 0
	IsDarwin = 0
	IsIos    = 0
)
