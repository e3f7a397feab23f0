// Command cut writes the loose page heap: Go 1.18.10's own source, cut out of its toolchain's GOROOT.
//
// Run it in the folder goharness. GO118_ROOT, if set, names the tree to cut.
package main

import (
	"flag"
	"fmt"
	"os"

	"scavdiff/goharness/internal/cut"
)

func main() {
	folder := flag.String("into", "internal/pageheap", "folder of the package that is written")
	flag.Parse()
	if err := run(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "cut:", err)
		os.Exit(2)
	}
}

func run(folder string) error {
	root, err := cut.FindRoot()
	if err != nil {
		return err
	}
	tree, err := cut.OpenTree(root)
	if err != nil {
		return err
	}
	results, err := cut.Into(folder, tree)
	if err != nil {
		return err
	}
	edits := 0
	for _, result := range results {
		edits += len(result.Edits)
	}
	fmt.Printf("cut %d files out of %s, %d edits listed in %s/zcut_report.txt\n", len(results), root, edits, folder)
	return nil
}
