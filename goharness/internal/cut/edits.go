package cut

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// file is one parsed source file with the edits found so far.
type file struct {
	source Source
	text   []byte
	fset   *token.FileSet
	tree   *ast.File
	edits  []Edit
}

func parse(source Source, text []byte) (*file, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, source.Name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%s does not parse: %w", source.Name, err)
	}
	return &file{source: source, text: text, fset: fset, tree: tree}, nil
}

func (f *file) offset(pos token.Pos) int { return f.fset.Position(pos).Offset }

func (f *file) replace(kind Kind, base, limit int, replacement string) {
	f.edits = append(f.edits, Edit{kind, base, limit, replacement})
}

// leaveOut replaces bytes by their newlines.
func (f *file) leaveOut(kind Kind, base, limit int) {
	f.replace(kind, base, limit, strings.Repeat("\n", bytes.Count(f.text[base:limit], []byte("\n"))))
}

// findEdits collects every edit of the file.
func (f *file) findEdits() error {
	taken, err := f.selectDeclarations()
	if err != nil {
		return err
	}
	f.editPackageClause()
	f.editImports(taken)
	f.dropPragmas()
	for _, declaration := range taken {
		f.editState(declaration)
		f.editMemoryCalls(declaration)
		f.observeUpdate(declaration)
		f.editBackground(declaration)
	}
	f.keepUnsafeInUse()
	return nil
}

func (f *file) editPackageClause() {
	name := map[string]string{"runtime": "pageheap", "runtime_test": "pageheap_test"}[f.tree.Name.Name]
	f.replace(PackageClause, f.offset(f.tree.Name.Pos()), f.offset(f.tree.Name.End()), name)
}

// selectDeclarations leaves out what the source does not take and returns the rest, imports not included.
func (f *file) selectDeclarations() ([]ast.Decl, error) {
	wanted := map[string]bool{}
	until := map[string]string{}
	for _, name := range f.source.Take {
		if first, last, isRange := strings.Cut(name, ".."); isRange {
			until[first] = last
			name = first
		}
		wanted[name] = true
	}
	var taken []ast.Decl
	rangeEnd := ""
	for _, declaration := range f.tree.Decls {
		if isImport(declaration) {
			continue
		}
		names := declaredNames(declaration)
		take := f.source.Take == nil || rangeEnd != ""
		for _, name := range names {
			if wanted[name] {
				take = true
				delete(wanted, name)
			}
			if last, opens := until[name]; opens {
				rangeEnd = last
			}
			if name == rangeEnd {
				rangeEnd = ""
			}
		}
		if take {
			taken = append(taken, declaration)
		} else {
			f.leaveOut(DeclarationOut, f.declarationBase(declaration), f.offset(declaration.End()))
		}
	}
	if len(wanted) != 0 || rangeEnd != "" {
		for name := range wanted {
			return nil, fmt.Errorf("%s declares no %s", f.source.Name, name)
		}
		return nil, fmt.Errorf("%s declares no %s", f.source.Name, rangeEnd)
	}
	return taken, nil
}

func (f *file) declarationBase(declaration ast.Decl) int {
	var doc *ast.CommentGroup
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		doc = declaration.Doc
	case *ast.GenDecl:
		doc = declaration.Doc
	}
	if doc != nil {
		return f.offset(doc.Pos())
	}
	return f.offset(declaration.Pos())
}

func isImport(declaration ast.Decl) bool {
	general, ok := declaration.(*ast.GenDecl)
	return ok && general.Tok == token.IMPORT
}

// declaredNames lists what a declaration declares, a method as "receiver.method".
func declaredNames(declaration ast.Decl) []string {
	var names []string
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		name := declaration.Name.Name
		if declaration.Recv != nil {
			receiver := declaration.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			name = receiver.(*ast.Ident).Name + "." + name
		}
		names = append(names, name)
	case *ast.GenDecl:
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// editImports maps the runtime's imports to stand-ins and leaves out those that no taken declaration uses.
func (f *file) editImports(taken []ast.Decl) {
	used := map[string]bool{}
	for _, declaration := range taken {
		ast.Inspect(declaration, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if qualifier, ok := selector.X.(*ast.Ident); ok {
					used[qualifier.Name] = true
				}
			}
			return true
		})
	}
	for _, spec := range f.tree.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic("the parser let a malformed import through: " + spec.Path.Value)
		}
		isDot := spec.Name != nil && spec.Name.Name == "."
		if !isDot && !used[path.Base(importPath)] {
			f.leaveOutImport(spec)
			continue
		}
		if standIn, ok := importPaths[importPath]; ok {
			f.replace(ImportMapped, f.offset(spec.Path.Pos()), f.offset(spec.Path.End()), strconv.Quote(standIn))
		}
	}
}

// leaveOutImport blanks one import, with its keyword where it stands alone.
func (f *file) leaveOutImport(spec *ast.ImportSpec) {
	base := f.offset(spec.Pos())
	for _, declaration := range f.tree.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if ok && !general.Lparen.IsValid() && len(general.Specs) == 1 && general.Specs[0] == ast.Spec(spec) {
			base = f.offset(general.Pos())
		}
	}
	f.leaveOut(ImportLeftOut, base, f.offset(spec.End()))
}

// dropPragmas blanks the compiler directives: an ordinary package may not use most of them.
func (f *file) dropPragmas() {
	for _, group := range f.tree.Comments {
		for _, comment := range group.List {
			base := f.offset(comment.Pos())
			if strings.HasPrefix(comment.Text, "//go:") && !f.isLeftOut(base) {
				f.leaveOut(PragmaDropped, base, f.offset(comment.End()))
			}
		}
	}
}

func (f *file) isLeftOut(at int) bool {
	for _, edit := range f.edits {
		if edit.Kind == DeclarationOut && edit.Base <= at && at < edit.Limit {
			return true
		}
	}
	return false
}

// editState turns the scavenger's one state into a type, so that each page heap has its own.
func (f *file) editState(declaration ast.Decl) {
	general, ok := declaration.(*ast.GenDecl)
	if !ok || general.Tok != token.VAR || len(general.Specs) != 1 {
		return
	}
	spec := general.Specs[0].(*ast.ValueSpec)
	if structure, ok := spec.Type.(*ast.StructType); ok && spec.Names[0].Name == "scavenge" {
		f.replace(StateMadeType, f.offset(general.Pos()), f.offset(structure.Pos()), "type scavengeState ")
	}
}

// wordCalls are the functions whose first argument is an address that must never look like a pointer to the collector.
var wordCalls = map[string]bool{"sysMap": true, "sysUsed": true, "sysUnused": true}

func (f *file) editMemoryCalls(declaration ast.Decl) {
	ast.Inspect(declaration, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if callee, ok := call.Fun.(*ast.Ident); !ok || !wordCalls[callee.Name] {
			return true
		}
		conversion, ok := call.Args[0].(*ast.CallExpr)
		if !ok {
			return true
		}
		f.replace(PointerToWord, f.offset(conversion.Fun.Pos()), f.offset(conversion.Fun.End()), "uintptr")
		return true
	})
}

// observeUpdate tells the harness which pages each call of update is about, so that it knows what an operation touched.
func (f *file) observeUpdate(declaration ast.Decl) {
	function, ok := declaration.(*ast.FuncDecl)
	if !ok || declaredNames(function)[0] != "pageAlloc.update" {
		return
	}
	at := f.offset(function.Body.Lbrace) + 1
	f.replace(UpdateObserved, at, at, " observeUpdate(p, base, npages);")
}

// editBackground inserts two statements into bgscavenge. One makes its locals, which the pacing consists of, visible. The
// other lets a search that finds nothing take time: its loop goes on until it has spent a millisecond, and a virtual
// clock that stood still would keep it there for ever.
func (f *file) editBackground(declaration ast.Decl) {
	function, ok := declaration.(*ast.FuncDecl)
	if !ok || function.Name.Name != "bgscavenge" {
		return
	}
	ast.Inspect(function.Body, func(node ast.Node) bool {
		assignment, ok := node.(*ast.AssignStmt)
		if !ok || assignment.Tok != token.DEFINE {
			return true
		}
		at := f.offset(assignment.End())
		switch {
		case assignment.Lhs[0].(*ast.Ident).Name == "controllerCooldown":
			f.replace(LocalsObserved, at, at,
				"; observeBackground(&critSleepController, &critSleepRatio, &controllerCooldown)")
		case callsMethod(assignment.Rhs[0], "scavenge"):
			f.replace(SearchTimed, at, at, "; searchTakesTime(r)")
		}
		return true
	})
}

func callsMethod(expression ast.Expr, name string) bool {
	call, ok := expression.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == name
}

// keepUnsafeInUse adds a use of unsafe, whose last one an edit may have removed.
func (f *file) keepUnsafeInUse() {
	for _, spec := range f.tree.Imports {
		if spec.Path.Value == `"unsafe"` && !f.isImportLeftOut(spec) {
			f.replace(UnsafeKeptInUse, len(f.text), len(f.text), "\nvar _ unsafe.Pointer\n")
		}
	}
}

func (f *file) isImportLeftOut(spec *ast.ImportSpec) bool {
	at := f.offset(spec.Pos())
	for _, edit := range f.edits {
		if edit.Kind == ImportLeftOut && edit.Base <= at && at < edit.Limit {
			return true
		}
	}
	return false
}
