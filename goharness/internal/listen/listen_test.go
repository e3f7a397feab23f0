package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFreshSocketGoesAwayWithItsFolder(t *testing.T) {
	listener, err := FreshUnix()
	if err != nil {
		t.Fatal(err)
	}
	path := listener.Addr().String()
	if want := "unix:" + path; Name(listener) != want {
		t.Errorf("got %q, want %q", Name(listener), want)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	listener, err := Unix(path)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestALiveSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	live, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if _, err := Unix(path); err == nil || !strings.Contains(err.Error(), "another process listens on the socket "+path) {
		t.Errorf("got %v", err)
	}
	if connection, err := net.Dial("unix", path); err != nil {
		t.Errorf("the live socket is gone: %v", err)
	} else {
		connection.Close()
	}
}

func TestAFileThatIsNoSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Unix(path); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("the file was touched: %q, %v", text, err)
	}
}

func TestTCPSaysWhereItListens(t *testing.T) {
	listener, err := TCP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if !strings.HasPrefix(Name(listener), "tcp:127.0.0.1:") {
		t.Errorf("got %q", Name(listener))
	}
}
