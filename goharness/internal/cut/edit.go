package cut

import (
	"bytes"
	"fmt"
	"sort"
)

// Kind names what an edit does, as the report and the expected counts name it.
type Kind string

// The kinds of edit. Nothing else is done to a source file.
const (
	PackageClause   Kind = "package clause"
	ImportMapped    Kind = "import mapped"
	ImportLeftOut   Kind = "import left out"
	PragmaDropped   Kind = "pragma dropped"
	DeclarationOut  Kind = "declaration left out"
	StateMadeType   Kind = "state made a type"
	PointerToWord   Kind = "pointer made a word"
	UpdateObserved  Kind = "update observed"
	LocalsObserved  Kind = "locals observed"
	SearchTimed     Kind = "search timed"
	UnsafeKeptInUse Kind = "unsafe kept in use"
)

// Kinds lists every kind in the order of the report.
var Kinds = []Kind{
	PackageClause, ImportMapped, ImportLeftOut, PragmaDropped, DeclarationOut,
	StateMadeType, PointerToWord, UpdateObserved, LocalsObserved, SearchTimed, UnsafeKeptInUse,
}

// Edit replaces the bytes [Base, Limit) of a source file.
type Edit struct {
	Kind        Kind
	Base, Limit int
	Replacement string
}

// apply makes the edits. Lines keep their numbers because each replacement holds as many newlines as what it replaces.
func apply(source []byte, edits []Edit) ([]byte, error) {
	sort.SliceStable(edits, func(i, j int) bool {
		if edits[i].Base != edits[j].Base {
			return edits[i].Base < edits[j].Base
		}
		// A pragma may open the doc comment of a declaration that is left out: the longer edit wins.
		return edits[i].Limit > edits[j].Limit
	})
	var result bytes.Buffer
	at := 0
	for _, edit := range edits {
		if edit.Limit <= at && edit.Base < at {
			continue
		}
		if edit.Base < at {
			return nil, fmt.Errorf("edit %q at byte %d overlaps the edit before it", edit.Kind, edit.Base)
		}
		was := bytes.Count(source[edit.Base:edit.Limit], []byte("\n"))
		if is := bytes.Count([]byte(edit.Replacement), []byte("\n")); was != is && edit.Kind != UnsafeKeptInUse {
			return nil, fmt.Errorf("edit %q at byte %d would move the lines behind it", edit.Kind, edit.Base)
		}
		result.Write(source[at:edit.Base])
		result.WriteString(edit.Replacement)
		at = edit.Limit
	}
	result.Write(source[at:])
	return result.Bytes(), nil
}
