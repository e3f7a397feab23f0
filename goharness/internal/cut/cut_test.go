package cut

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// realTree opens the Go 1.18.10 source.
func realTree(t *testing.T) *Tree {
	t.Helper()
	root, err := FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func sourceNamed(t *testing.T, name string) Source {
	t.Helper()
	place := slices.IndexFunc(Sources, func(s Source) bool { return s.Name == name })
	if place < 0 {
		t.Fatalf("no source %s", name)
	}
	return Sources[place]
}

// copyTree copies the files that are cut, and VERSION, to a tree that a test may alter.
func copyTree(t *testing.T) string {
	t.Helper()
	tree, root := realTree(t), t.TempDir()
	folder := filepath.Join(root, "src", "runtime")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, source := range Sources {
		text, err := tree.Read(source.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, source.Name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "VERSION"), []byte(goVersion), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestTheWholeSourceIsCut(t *testing.T) {
	tree, err := OpenTree(copyTree(t))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	stale := filepath.Join(folder, "zcut_stale.go")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	results, err := Into(folder, tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(Sources) {
		t.Errorf("cut %d files, want %d", len(results), len(Sources))
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a stale file is still there")
	}
	report, err := os.ReadFile(filepath.Join(folder, reportName))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		listed := regexp.MustCompile(`(?m)^  `+regexp.QuoteMeta(result.Source.Name)+`:\d+: `).FindAll(report, -1)
		if len(listed) != len(result.Edits) {
			t.Errorf("%s: the report lists %d edits, want %d", result.Source.Name, len(listed), len(result.Edits))
		}
	}
}

// TestLinesKeepTheirNumbersAndTheirText holds each line of the cut to be upstream's, unless an edit is on it.
func TestLinesKeepTheirNumbersAndTheirText(t *testing.T) {
	tree := realTree(t)
	for _, source := range Sources {
		text, err := tree.Read(source.Name)
		if err != nil {
			t.Fatal(err)
		}
		result, err := File(source, text)
		if err != nil {
			t.Fatal(err)
		}
		before := strings.Split(string(text), "\n")
		header, body, _ := strings.Cut(string(result.Text), "\n//line "+source.Name+":1:1\n")
		if !regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.\n$`).MatchString(header) {
			t.Errorf("%s: the header is %q", source.Name, header)
		}
		after := strings.Split(body, "\n")
		edited := editedLines(result)
		for i, line := range before {
			if !edited[i+1] && line != after[i] {
				t.Fatalf("%s:%d: %q became %q without an edit", source.Name, i+1, line, after[i])
			}
		}
	}
}

func editedLines(result Result) map[int]bool {
	lines := map[int]bool{}
	for _, edit := range result.Edits {
		first := 1 + bytes.Count(result.Original[:edit.Base], []byte("\n"))
		last := 1 + bytes.Count(result.Original[:edit.Limit], []byte("\n"))
		for line := first; line <= last; line++ {
			lines[line] = true
		}
	}
	return lines
}

func TestAnAlteredFileIsRefused(t *testing.T) {
	root := copyTree(t)
	path := filepath.Join(root, "src", "runtime", "mpagealloc.go")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	tree, err := OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Into(t.TempDir(), tree)
	refused(t, err, regexp.QuoteMeta(path)+` is not go1\.18\.10's: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}`)
}

func TestAMissingFileIsRefused(t *testing.T) {
	root := copyTree(t)
	if err := os.Remove(filepath.Join(root, "src", "runtime", "mranges.go")); err != nil {
		t.Fatal(err)
	}
	tree, err := OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Into(t.TempDir(), tree)
	refused(t, err, `cannot read Go's source: .*mranges\.go: no such file or directory`)
}

func TestAnotherGoIsRefused(t *testing.T) {
	root := copyTree(t)
	if err := os.WriteFile(filepath.Join(root, "VERSION"), []byte("go1.19.13\ntime 2023\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := OpenTree(root)
	refused(t, err, `VERSION holds the wrong Go: expected go1\.18\.10, found go1\.19\.13`)
	_, err = OpenTree(t.TempDir())
	refused(t, err, ` is no Go tree: `)
}

func TestATreeCanBeNamed(t *testing.T) {
	t.Setenv("GO118_ROOT", "/some/tree")
	if root, err := FindRoot(); err != nil || root != "/some/tree" {
		t.Errorf("got %q, %v", root, err)
	}
}

func TestNoGoCommandIsOneSentence(t *testing.T) {
	t.Setenv("GO118_ROOT", "")
	t.Setenv("PATH", t.TempDir())
	_, err := FindRoot()
	refused(t, err, `^the Go 1\.18\.10 source is missing`)
}

// TestEveryExpectedEditIsMissedWhenItFindsNothing takes away, one after the other, what each kind of edit looks for.
func TestEveryExpectedEditIsMissedWhenItFindsNothing(t *testing.T) {
	tree := realTree(t)
	for kind, absent := range map[Kind]struct{ file, was, is string }{
		ImportMapped:    {"mpagealloc.go", `"runtime/internal/atomic"`, `"runtime/elsewhere/atomic"`},
		ImportLeftOut:   {"mheap.go", `"internal/cpu"`, ``},
		PragmaDropped:   {"mpagecache.go", "//go:systemstack\nfunc (c *pageCache) flush", "func (c *pageCache) flush"},
		DeclarationOut:  {"float.go", "func isNaN", "const _ = 0\nfunc isNaN"},
		StateMadeType:   {"mgcscavenge.go", "var scavenge struct", "var scavenger struct"},
		PointerToWord:   {"mpagealloc_64bit.go", "sysUsed(unsafe.Pointer(", "sysUse((unsafe.Pointer)("},
		UpdateObserved:  {"mpagealloc.go", "func (p *pageAlloc) update(", "func (p *pageAlloc) updated("},
		LocalsObserved:  {"mgcscavenge.go", "controllerCooldown := int64(0)", "var controllerCooldown int64"},
		SearchTimed:     {"mgcscavenge.go", "r := mheap_.pages.scavenge(", "r := scavenge("},
		UnsafeKeptInUse: {"mranges.go", "\"unsafe\"", ""},
	} {
		source := sourceNamed(t, absent.file)
		text, err := tree.Read(absent.file)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), absent.was, absent.is, 1)
		if changed == string(text) {
			t.Fatalf("%s holds no %q", absent.file, absent.was)
		}
		_, err = File(source, []byte(changed))
		refused(t, err, regexp.QuoteMeta(absent.file)+`: edit "`+string(kind)+`": expected \d+, found \d+`)
	}
}

func TestADeclarationThatIsGoneIsMissed(t *testing.T) {
	source := sourceNamed(t, "float.go")
	_, err := File(source, []byte("package runtime\n"))
	refused(t, err, `float\.go declares no is`)
}

func refused(t *testing.T, err error, pattern string) {
	t.Helper()
	if err == nil || !regexp.MustCompile(pattern).MatchString(err.Error()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one sentence like %q", err, pattern)
	}
}
