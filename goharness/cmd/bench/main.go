// Command bench is the Go side of the benchmarks in benchmarks/.
//
//	bench serve        performs one operation a call, see server.NewNaive; says first where it listens
//	bench run FILE     runs the programs in FILE in this process, once for every line on standard input
//
// A FILE holds programs in their wire form, each after its length as eight bytes, lowest first. For every line read, run
// answers with a line: the operations run, the bytes of the transcripts, and the nanoseconds of processor time it took.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"google.golang.org/protobuf/proto"

	"scavdiff/goharness/internal/listen"
	"scavdiff/goharness/internal/program"
	"scavdiff/goharness/internal/server"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "serve":
		return serve()
	case len(arguments) == 2 && arguments[0] == "run":
		return runOnRequest(arguments[1])
	}
	return errors.New("usage: bench serve | bench run FILE")
}

func serve() error {
	listener, err := listen.FreshUnix()
	if err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", listen.Name(listener))
	s := server.NewNaive()
	go func() {
		// The driver holds standard input open for as long as it lives.
		_, _ = bufio.NewReader(os.Stdin).ReadString(0)
		s.Stop()
	}()
	return s.Serve(listener)
}

func runOnRequest(path string) error {
	programs, err := readPrograms(path)
	if err != nil {
		return err
	}
	runner := program.NewRunner()
	defer runner.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		before := processorTime()
		operationCount, transcriptBytes, err := runAll(runner, programs)
		if err != nil {
			return err
		}
		fmt.Println(operationCount, transcriptBytes, processorTime()-before)
	}
	return nil
}

func runAll(runner *program.Runner, programs [][]byte) (operationCount, transcriptBytes int, err error) {
	for _, encoded := range programs {
		p := new(wire.Program)
		if err := proto.Unmarshal(encoded, p); err != nil {
			return 0, 0, err
		}
		transcript, err := runner.Run(p)
		if err != nil {
			return 0, 0, err
		}
		operationCount += len(p.Operations) + int(p.GetSeries().GetProgramCount()*p.GetSeries().GetOperationCount())
		transcriptBytes += len(transcript)
	}
	return operationCount, transcriptBytes, nil
}

func readPrograms(path string) (programs [][]byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for len(data) >= 8 {
		length := binary.LittleEndian.Uint64(data)
		if length > uint64(len(data)-8) {
			return nil, fmt.Errorf("%s ends inside a program", path)
		}
		programs = append(programs, data[8:8+length])
		data = data[8+length:]
	}
	return programs, nil
}

// processorTime is what this process has used of all processors, in nanoseconds.
func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
