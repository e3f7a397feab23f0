// Package cut cuts the page heap out of the source of Go 1.18.10's runtime.
//
// It writes an ordinary package: the files' own bytes, edited at positions that the syntax tree gives and nowhere else.
// The few kinds of edit are the trusted base of the harness, so each is counted, and an edit that finds nothing, or more
// or less than expected, fails the cut. A //line directive keeps upstream's file names and line numbers.
package cut

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Result is one file that was cut.
type Result struct {
	Source Source
	Text   []byte
	Edits  []Edit
	// Original is the text before the edits.
	Original []byte
}

// Counts tells how often each kind of edit was applied.
func (r Result) Counts() map[Kind]int {
	counts := map[Kind]int{}
	for _, edit := range r.Edits {
		counts[edit.Kind]++
	}
	return counts
}

// File cuts one source file.
func File(source Source, text []byte) (Result, error) {
	parsed, err := parse(source, text)
	if err != nil {
		return Result{}, err
	}
	if err := parsed.findEdits(); err != nil {
		return Result{}, err
	}
	edited, err := apply(text, parsed.edits)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", source.Name, err)
	}
	header := fmt.Sprintf("// Code generated from %s of %s by scavdiff/goharness/cmd/cut. DO NOT EDIT.\n\n//line %s:1:1\n",
		source.Name, goVersion, source.Name)
	result := Result{source, append([]byte(header), edited...), parsed.edits, text}
	return result, result.checkCounts()
}

func (r Result) checkCounts() error {
	counts := r.Counts()
	for _, kind := range Kinds {
		if expected, found := r.Source.Expected[kind], counts[kind]; expected != found {
			return fmt.Errorf("%s: edit %q: expected %d, found %d", r.Source.Name, kind, expected, found)
		}
	}
	return nil
}

// Into cuts every source out of the tree and writes the package's files and the report into folder.
func Into(folder string, tree *Tree) ([]Result, error) {
	var results []Result
	for _, source := range Sources {
		text, err := tree.Read(source.Name)
		if err != nil {
			return nil, err
		}
		result, err := File(source, text)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	if err := removeStale(folder, results); err != nil {
		return nil, err
	}
	for _, result := range results {
		if err := write(filepath.Join(folder, result.Source.Output), result.Text); err != nil {
			return nil, err
		}
	}
	return results, write(filepath.Join(folder, reportName), Report(results))
}

// removeStale removes what an earlier cut wrote and this one does not.
func removeStale(folder string, results []Result) error {
	keep := map[string]bool{reportName: true}
	for _, result := range results {
		keep[result.Source.Output] = true
	}
	found, err := filepath.Glob(filepath.Join(folder, "zcut_*"))
	if err != nil {
		return err
	}
	for _, path := range found {
		if !keep[filepath.Base(path)] {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("cannot remove a stale cut: %w", err)
			}
		}
	}
	return nil
}

// write leaves a file that already holds the text alone.
func write(path string, text []byte) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
