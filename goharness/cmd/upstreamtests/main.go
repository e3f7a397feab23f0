// Command upstreamtests runs Go 1.18.10's own tests of the page heap against the cut code and prints how many passed. It
// fails when one does not pass or when their number falls. Run it in the folder goharness.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"scavdiff/goharness/internal/upstream"
)

const folder = "internal/pageheap"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "upstreamtests:", err)
		os.Exit(1)
	}
}

func run() error {
	names, err := upstream.Names(folder)
	if err != nil {
		return err
	}
	command := exec.Command("go", "test", "-json", "-count=1", "-run", "^("+strings.Join(names, "|")+")$", "./"+folder)
	command.Env = append(os.Environ(), "GOAMD64=v1")
	command.Stderr = os.Stderr
	output, failure := command.Output()
	result, err := upstream.Count(bytes.NewReader(output))
	if err != nil {
		return err
	}
	if err := result.Check(); err != nil {
		return err
	}
	if failure != nil {
		return fmt.Errorf("go test: %w", failure)
	}
	fmt.Printf("Go 1.18.10's own tests on the cut code: %d tests, %d subtests passed\n", result.Tests, result.Subtests)
	return nil
}
