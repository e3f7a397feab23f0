// Command goharness serves Go 1.18.10's own page heap as a target of the differential tester.
//
// Exit status: 0 after a graceful stop, 2 when it cannot start.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"scavdiff/goharness/internal/listen"
	"scavdiff/goharness/internal/program"
	"scavdiff/goharness/internal/server"
	"scavdiff/goharness/internal/stdio"
)

// softMemoryLimit is from where on Go's collector works harder: what large transcripts leave behind then goes before the
// process has grown by it, and a run of hours stays as small as it began. GOMEMLIMIT sets another.
const softMemoryLimit = 16 << 20

// graceTime is how long streams may take to end after a signal.
const graceTime = time.Second

type flags struct {
	socket           string
	tcpPort          int
	address          string
	untilStdinCloses bool
	stdio            bool
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "goharness:", err)
		os.Exit(2)
	}
}

func run() error {
	f, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryLimit)
	}
	if f.stdio {
		// One program runs at a time: threads that look for more in vain cost a quarter of a short program's time.
		if os.Getenv("GOMAXPROCS") == "" {
			runtime.GOMAXPROCS(1)
		}
		runner := program.NewRunner()
		defer runner.Close()
		return stdio.Serve(os.Stdin, os.Stdout, server.Description(), runner)
	}
	listener, err := f.listen()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	fmt.Printf("listening on %s\n", listen.Name(listener))
	s := server.New()
	go stopOnRequest(s, signals, f.untilStdinCloses)
	if err := s.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil // it was stopped before it began to serve
}

func parseFlags(arguments []string) (f flags, err error) {
	set := flag.NewFlagSet("goharness", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.socket, "socket", "", "listen on the Unix socket `PATH` (default: a fresh one)")
	set.IntVar(&f.tcpPort, "tcp", -1, "listen on TCP `PORT` of 127.0.0.1 (0: any free one)")
	set.StringVar(&f.address, "listen", "", "listen on the TCP `ADDRESS`, HOST:PORT")
	set.BoolVar(&f.stdio, "stdio", false, "serve over standard input and output, until the input ends")
	set.BoolVar(&f.untilStdinCloses, "until-stdin-closes", false, "stop when standard input ends")
	err = set.Parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		set.SetOutput(os.Stdout)
		set.Usage()
		return f, err
	}
	if err != nil {
		return f, err
	}
	if set.NArg() != 0 {
		return f, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	return f, f.check()
}

func (f flags) check() error {
	ways := 0
	for _, given := range []bool{f.socket != "", f.tcpPort != -1, f.address != "", f.stdio} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return errors.New("give one of --socket, --tcp, --listen and --stdio")
	}
	if f.tcpPort < -1 || f.tcpPort > 65535 {
		return fmt.Errorf("--tcp %d is no port", f.tcpPort)
	}
	return nil
}

func (f flags) listen() (net.Listener, error) {
	switch {
	case f.socket != "":
		return listen.Unix(f.socket)
	case f.tcpPort != -1:
		return listen.TCP(net.JoinHostPort("127.0.0.1", strconv.Itoa(f.tcpPort)))
	case f.address != "":
		return listen.TCP(f.address)
	}
	return listen.FreshUnix()
}

// stopOnRequest stops the server on a signal or the end of standard input; streams that do not end by themselves are cut
// off between two programs.
func stopOnRequest(s *grpc.Server, signals <-chan os.Signal, untilStdinCloses bool) {
	stdinClosed := make(chan struct{})
	if untilStdinCloses {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(stdinClosed)
		}()
	}
	select {
	case <-signals:
	case <-stdinClosed:
	}
	timer := time.AfterFunc(graceTime, s.Stop)
	defer timer.Stop()
	s.GracefulStop()
}
