// Package listen opens what the server listens on: a Unix socket, or TCP where it was asked for.
package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Unix listens on a socket. A stale socket file is replaced; one that somebody listens on is not.
func Unix(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on the socket %s: %w", path, err)
	}
	return listener, nil
}

// FreshUnix listens on a new socket in a new folder of the temporary folder. Closing the listener removes both.
func FreshUnix() (net.Listener, error) {
	folder, err := os.MkdirTemp("", "scavdiff-go-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the socket: %w", err)
	}
	listener, err := Unix(filepath.Join(folder, "socket"))
	if err != nil {
		return nil, errors.Join(err, os.Remove(folder))
	}
	return inFolder{listener, folder}, nil
}

// TCP listens on an address of the form HOST:PORT.
func TCP(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return listener, nil
}

// Name says where a listener listens, as the first line of standard output does.
func Name(listener net.Listener) string {
	address := listener.Addr()
	return address.Network() + ":" + address.String()
}

type inFolder struct {
	net.Listener
	folder string
}

// Close closes the listener, which removes its socket, and removes the folder.
func (l inFolder) Close() error {
	err := l.Listener.Close()
	if removal := os.Remove(l.folder); removal != nil && !errors.Is(removal, fs.ErrNotExist) {
		return errors.Join(err, removal)
	}
	return err
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look at the socket %s: %w", path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is no socket", path)
	}
	connection, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		connection.Close()
		return fmt.Errorf("another process listens on the socket %s", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("cannot tell whether the socket %s is in use: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("cannot replace the stale socket: %w", err)
	}
	return nil
}
