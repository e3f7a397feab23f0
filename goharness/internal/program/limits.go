package program

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"scavdiff/goharness/internal/pageheap"
)

// What the harness takes. docs/protocol.md states these limits.
const (
	OperationCountMax  = 131072
	ProgramBytesMax    = 16 << 20
	TranscriptBytesMax = 256 << 20

	slotCount          = 1 << 16
	growChunksMax      = 8192
	growBytesMax       = growChunksMax * pageheap.ChunkBytes
	allocPagesMax      = 1 << 32
	spanPagesMax       = 1 << 22
	spanPagesOutside   = 1 << 40
	cachePagesMax      = 64
	physPageMin        = 4096
	physPageMax        = 512 << 10
	physHugePageMax    = 4 << 20
	physPagePokedMax   = 1 << 20
	tickMax            = 10_000_000_000_000
	scavengeCostMax    = 1_000_000_000
	processorsMax      = 4096
	processorsOutside  = 1<<31 - 1
	bitmapBytes        = 64
	chunksInUseMax     = 1 << 20
	transcriptBytesMin = 4 << 10
)

// invalid is the status of a program that breaks a rule; the field is named as in the program's message.
func invalid(field, format string, arguments ...any) error {
	return status.Errorf(codes.InvalidArgument, "%s: %s", field, fmt.Sprintf(format, arguments...))
}

// exhausted is the status of a program that needs more than the harness gives.
func exhausted(format string, arguments ...any) error {
	return status.Errorf(codes.ResourceExhausted, format, arguments...)
}
