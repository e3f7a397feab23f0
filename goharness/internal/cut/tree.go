package cut

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// goVersion is the release whose source is cut.
const goVersion = "go1.18.10"

//go:embed manifest.txt
var manifest string

// Tree is a Go source tree that was found to be Go 1.18.10's.
type Tree struct {
	root string
	sums map[string]string
}

// FindRoot names the Go 1.18.10 tree: GO118_ROOT if set, else the toolchain's own, which the go command fetches.
func FindRoot() (string, error) {
	if root := os.Getenv("GO118_ROOT"); root != "" {
		return root, nil
	}
	command := exec.Command("go", "env", "GOROOT")
	command.Dir = os.TempDir()
	command.Env = append(os.Environ(), "GOTOOLCHAIN="+goVersion, "GOFLAGS=", "GOWORK=off")
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("the Go 1.18.10 source is missing (GO118_ROOT is not set, and GOTOOLCHAIN=%s go env GOROOT failed: %w: %s)",
			goVersion, err, strings.Join(strings.Fields(stderr.String()), " "))
	}
	return strings.TrimSpace(string(output)), nil
}

// OpenTree checks that root holds Go 1.18.10.
func OpenTree(root string) (*Tree, error) {
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		return nil, fmt.Errorf("%s is no Go tree: %w", root, err)
	}
	found, _, _ := strings.Cut(string(version), "\n")
	if strings.TrimSpace(found) != goVersion {
		return nil, fmt.Errorf("%s holds the wrong Go: expected %s, found %s",
			filepath.Join(root, "VERSION"), goVersion, strings.TrimSpace(found))
	}
	return &Tree{root: root, sums: parseManifest(manifest)}, nil
}

// parseManifest reads lines of "SHA-256  file", the file relative to src/runtime.
func parseManifest(text string) map[string]string {
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) == 2 {
			sums[fields[1]] = fields[0]
		}
	}
	return sums
}

// Read returns one file of src/runtime, refused unless it is, byte for byte, the one that this harness was made for.
func (t *Tree) Read(name string) ([]byte, error) {
	path := filepath.Join(t.root, "src", "runtime", name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read Go's source: %w", err)
	}
	sum := sha256.Sum256(text)
	if found := hex.EncodeToString(sum[:]); found != t.sums[name] {
		return nil, fmt.Errorf("%s is not %s's: expected SHA-256 %s, found %s", path, goVersion, t.sums[name], found)
	}
	return text, nil
}
