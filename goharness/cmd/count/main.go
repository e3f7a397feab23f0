// Command count writes cut files that count what they reach, and an overlay with which go build takes them instead of the
// plain ones.
//
// Run it in the folder goharness, after cmd/cut. The counters are plain variables, by `go tool cover -var`: a program's
// are read and cleared in a microsecond, which runtime/coverage's files do not allow.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const packageFolder = "internal/pageheap"

func main() {
	folder := flag.String("into", "../build/counting", "folder that is written")
	flag.Parse()
	if err := run(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		os.Exit(2)
	}
}

func run(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	plain, err := cutFiles()
	if err != nil {
		return err
	}
	replaced := make(map[string]string)
	for i, path := range plain {
		counting := filepath.Join(folder, filepath.Base(path))
		if err := count(path, counting, variable(i)); err != nil {
			return err
		}
		replaced[absolute(path)] = counting
	}
	register := filepath.Join(folder, "counters.go")
	if err := os.WriteFile(register, []byte(registration(plain)), 0o644); err != nil {
		return err
	}
	replaced[absolute(filepath.Join(packageFolder, "zcut_counters.go"))] = register
	overlay, err := json.MarshalIndent(map[string]any{"Replace": replaced}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "overlay.json"), overlay, 0o644)
}

// cutFiles lists Go's own files. The stubs are not Go's.
func cutFiles() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(packageFolder, "zcut_*.go"))
	if err != nil {
		return nil, err
	}
	var files []string
	for _, path := range all {
		if !strings.HasSuffix(path, "_test.go") && filepath.Base(path) != "zcut_stubs.go" {
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no cut file; run cmd/cut first", packageFolder)
	}
	return files, nil
}

func count(path, into, variable string) error {
	command := exec.Command("go", "tool", "cover", "-mode=set", "-var="+variable, "-o", into, path)
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("go tool cover %s: %w", path, err)
	}
	return nil
}

func variable(i int) string { return fmt.Sprintf("countersOf%d", i) }

func registration(files []string) string {
	var text strings.Builder
	text.WriteString("package pageheap\n\nfunc init() {\n\tcountedFiles = []countedFile{\n")
	for i, path := range files {
		name := strings.TrimPrefix(filepath.Base(path), "zcut_")
		fmt.Fprintf(&text, "\t\t{%q, %[2]s.Count[:], %[2]s.Pos[:], %[2]s.NumStmt[:]},\n", name, variable(i))
	}
	text.WriteString("\t}\n}\n")
	return text.String()
}

func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		panic(err) // the folder that is run in has gone
	}
	return full
}
