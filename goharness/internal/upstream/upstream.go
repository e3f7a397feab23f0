// Package upstream counts the tests that Go 1.18.10 itself has for the page heap, run against the cut code.
package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What Go 1.18.10 has. FuzzPIController counts as a test and its seeds as subtests.
const (
	TestCount    = 21
	SubtestCount = 233
)

var testName = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// Names lists the tests in the cut test files of a folder.
func Names(folder string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "zcut_*_test.go"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, match := range testName.FindAllSubmatch(text, -1) {
			names = append(names, string(match[1]))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no cut tests in %s: run go run ./cmd/cut", folder)
	}
	slices.Sort(names)
	return names, nil
}

// Result is what became of the tests.
type Result struct {
	Tests, Subtests int
	// Failed names what did not pass, skipped tests included.
	Failed []string
}

// Count reads the output of go test -json.
func Count(output io.Reader) (result Result, err error) {
	decoder := json.NewDecoder(output)
	for {
		var event struct{ Action, Test string }
		err := decoder.Decode(&event)
		if errors.Is(err, io.EOF) {
			return result, nil
		}
		if err != nil {
			return result, fmt.Errorf("the output of go test is no JSON: %w", err)
		}
		switch {
		case event.Action == "fail" || event.Action == "skip" && event.Test != "":
			result.Failed = append(result.Failed, event.Test)
		case event.Action != "pass" || event.Test == "":
		case strings.Contains(event.Test, "/"):
			result.Subtests++
		default:
			result.Tests++
		}
	}
}

// Check tells what is wrong with a result.
func (r Result) Check() error {
	if len(r.Failed) != 0 {
		return fmt.Errorf("not passed: %s", strings.Join(r.Failed, ", "))
	}
	if r.Tests < TestCount || r.Subtests < SubtestCount {
		return fmt.Errorf("%d tests with %d subtests passed, fewer than %d with %d",
			r.Tests, r.Subtests, TestCount, SubtestCount)
	}
	return nil
}
