package upstream

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const output = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`

func TestPassesAreCountedByLevel(t *testing.T) {
	result, err := Count(strings.NewReader(output))
	if err != nil || result.Tests != 1 || result.Subtests != 2 || len(result.Failed) != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestAFallOfTheCountFails(t *testing.T) {
	for _, result := range []Result{
		{Tests: TestCount - 1, Subtests: SubtestCount}, {Tests: TestCount, Subtests: SubtestCount - 1},
	} {
		if err := result.Check(); err == nil {
			t.Errorf("%+v is accepted", result)
		}
	}
	if err := (Result{Tests: TestCount, Subtests: SubtestCount}).Check(); err != nil {
		t.Error(err)
	}
}

func TestFailedAndSkippedTestsFail(t *testing.T) {
	for _, action := range []string{"fail", "skip"} {
		result, err := Count(strings.NewReader(strings.Replace(output, `"pass","Package":"p","Test":"TestA/two"`,
			`"`+action+`","Package":"p","Test":"TestA/two"`, 1)))
		if err != nil || !slices.Equal(result.Failed, []string{"TestA/two"}) || result.Check() == nil {
			t.Errorf("%s: got %+v, %v", action, result, err)
		}
	}
}

func TestNamesComeFromTheCutTestsOnly(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"zcut_a_test.go": "func TestB(t *testing.T) {}\nfunc helper() {}\nfunc FuzzA(f *testing.F) {}\n",
		"own_test.go":    "func TestOwn(t *testing.T) {}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := Names(folder); err != nil || !slices.Equal(names, []string{"FuzzA", "TestB"}) {
		t.Errorf("got %v, %v", names, err)
	}
	if _, err := Names(t.TempDir()); err == nil {
		t.Error("a folder without cut tests is accepted")
	}
}
