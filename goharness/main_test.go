package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

// The tests run this very binary as the command.
func TestMain(m *testing.M) {
	if os.Getenv("GOHARNESS_TEST_RUNS_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

type process struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	first   string
	stderr  *bytes.Buffer
}

// start starts the command and waits for its first line.
func start(t *testing.T, arguments ...string) *process {
	t.Helper()
	command := exec.Command(os.Args[0], arguments...)
	command.Env = append(os.Environ(), "GOHARNESS_TEST_RUNS_MAIN=1", "TMPDIR="+t.TempDir())
	p := &process{command: command, stderr: new(bytes.Buffer)}
	command.Stderr = p.stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { command.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		command.Process.Kill()
		command.Wait()
	})
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	p.first = strings.TrimSpace(line)
	return p
}

func (p *process) wait(t *testing.T) int {
	t.Helper()
	p.command.Wait()
	return p.command.ProcessState.ExitCode()
}

func TestEachWayToListenSaysWhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	for prefix, arguments := range map[string][]string{
		"listening on unix:/":         {},
		"listening on unix:" + path:   {"--socket", path},
		"listening on tcp:127.0.0.1:": {"--tcp", "0"},
	} {
		p := start(t, arguments...)
		if !strings.HasPrefix(p.first, prefix) {
			t.Errorf("%v: got %q, want %q", arguments, p.first, prefix)
		}
	}
	if p := start(t, "--listen", "localhost:0"); !strings.HasPrefix(p.first, "listening on tcp:") {
		t.Errorf("--listen: got %q", p.first)
	}
}

func TestSignalsStopItGracefully(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t)
		if err := p.command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code := p.wait(t); code != 0 {
			t.Errorf("%v: got exit status %d, %s", signal, code, p.stderr)
		}
		path := strings.TrimPrefix(p.first, "listening on unix:")
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%v: the socket %s is still there", signal, path)
		}
	}
}

func TestAnIdleStreamDoesNotKeepItFromStopping(t *testing.T) {
	p := start(t)
	connection, err := grpc.NewClient(strings.TrimPrefix(p.first, "listening on "),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	stream, err := wire.NewPageHeapServiceClient(connection).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&wire.Program{
		Id: proto.Uint64(1), PhysPageSize: proto.Uint64(4096), PhysHugePageSize: proto.Uint64(0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("got exit status %d, %s", code, p.stderr)
	}
}

func TestItEndsWithItsStandardInput(t *testing.T) {
	p := start(t, "--until-stdin-closes")
	p.stdin.Close()
	if code := p.wait(t); code != 0 {
		t.Errorf("got exit status %d, %s", code, p.stderr)
	}
}

func TestWhatItCannotDoIsOneSentenceAndStatus2(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	start(t, "--socket", path)
	for want, arguments := range map[string][]string{
		"another process listens on the socket " + path:     {"--socket", path},
		"give one of --socket, --tcp, --listen and --stdio": {"--socket", path, "--tcp", "1"},
		"--tcp 70000 is no port":                            {"--tcp", "70000"},
		"flag provided but not defined: -nonsense":          {"--nonsense"},
		`unexpected argument "extra"`:                       {"extra"},
		"cannot listen on nowhere":                          {"--listen", "nowhere"},
		"cannot listen on the socket /nonexistent/a/socket": {"--socket", "/nonexistent/a/socket"},
	} {
		p := start(t, arguments...)
		code := p.wait(t)
		text := p.stderr.String()
		if code != 2 || !strings.HasPrefix(text, "goharness: "+want) || strings.Count(text, "\n") != 1 {
			t.Errorf("%v: got exit status %d, %q, want 2, %q", arguments, code, text, want)
		}
	}
}
