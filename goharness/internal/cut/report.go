package cut

import (
	"bytes"
	"fmt"
	"strings"
)

const reportName = "zcut_report.txt"

// Report lists every edit: the counts by file and kind, then each edit with its line.
func Report(results []Result) []byte {
	var report bytes.Buffer
	fmt.Fprintf(&report, "Edits made to %s's src/runtime\n\n", goVersion)
	writeCounts(&report, results)
	for _, result := range results {
		fmt.Fprintf(&report, "\n%s -> %s\n", result.Source.Name, result.Source.Output)
		for _, edit := range result.Edits {
			writeEdit(&report, result, edit)
		}
	}
	return report.Bytes()
}

func writeCounts(report *bytes.Buffer, results []Result) {
	fmt.Fprintf(report, "%-22s", "file")
	for _, kind := range Kinds {
		fmt.Fprintf(report, "  %s", kind)
	}
	fmt.Fprintln(report)
	totals := map[Kind]int{}
	writeRow := func(name string, counts map[Kind]int) {
		fmt.Fprintf(report, "%-22s", name)
		for _, kind := range Kinds {
			fmt.Fprintf(report, "  %*d", len(kind), counts[kind])
		}
		fmt.Fprintln(report)
	}
	for _, result := range results {
		counts := result.Counts()
		for kind, count := range counts {
			totals[kind] += count
		}
		writeRow(result.Source.Name, counts)
	}
	writeRow("total", totals)
}

func writeEdit(report *bytes.Buffer, result Result, edit Edit) {
	line := 1 + bytes.Count(result.Original[:edit.Base], []byte("\n"))
	was := result.Original[edit.Base:edit.Limit]
	if edit.Kind == DeclarationOut {
		fmt.Fprintf(report, "  %s:%d: %s: %d lines\n", result.Source.Name, line, edit.Kind, 1+bytes.Count(was, []byte("\n")))
		return
	}
	fmt.Fprintf(report, "  %s:%d: %s: %q -> %q\n",
		result.Source.Name, line, edit.Kind, was, strings.TrimSpace(edit.Replacement))
}
