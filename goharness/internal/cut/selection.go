package cut

// Source says what the cut takes of one file of Go's runtime.
type Source struct {
	// Name of the file in src/runtime.
	Name string
	// Output file in the package's folder.
	Output string
	// Take names the declarations taken; nil takes the whole file. A method is "receiver.method", and "A..B" takes
	// every declaration from the one of A to the one of B.
	Take []string
	// Expected is how often each kind of edit must apply: another count means that the source, or this generator, is
	// not what the harness was reviewed with.
	Expected map[Kind]int
}

// IsTest tells whether the file belongs to the tests of the package.
func (s Source) IsTest() bool {
	return len(s.Output) > len("_test.go") && s.Output[len(s.Output)-len("_test.go"):] == "_test.go"
}

// Sources lists what is taken of Go 1.18.10, the algorithm first, then what it is paced and accounted by, then Go's own
// tests of it.
var Sources = []Source{
	{
		Name: "mgcscavenge.go", Output: "zcut_mgcscavenge.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 3, PragmaDropped: 4, StateMadeType: 1, PointerToWord: 1, LocalsObserved: 1, SearchTimed: 1, UnsafeKeptInUse: 1},
	},
	{
		Name: "mpagealloc.go", Output: "zcut_mpagealloc.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, PragmaDropped: 2, UpdateObserved: 1, UnsafeKeptInUse: 1},
	},
	{
		Name: "mpagealloc_64bit.go", Output: "zcut_mpagealloc64bit.go",
		Expected: map[Kind]int{PackageClause: 1, PragmaDropped: 1, PointerToWord: 2, UnsafeKeptInUse: 1},
	},
	{
		Name: "mpagecache.go", Output: "zcut_mpagecache.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, PragmaDropped: 2, UnsafeKeptInUse: 1},
	},
	{
		Name: "mpallocbits.go", Output: "zcut_mpallocbits.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1},
	},
	{
		Name: "mranges.go", Output: "zcut_mranges.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, UnsafeKeptInUse: 1},
	},
	{
		Name: "mgcpacer.go", Output: "zcut_mgcpacer.go",
		Take:     []string{"piController", "piController.next", "piController.reset"},
		Expected: map[Kind]int{PackageClause: 1, ImportLeftOut: 4, DeclarationOut: 21},
	},
	{
		Name: "mheap.go", Output: "zcut_mheap.go",
		Take: []string{
			"arenaIdx", "arenaIndex", "arenaIdx.l1", "arenaIdx.l2", "mheap.grow", "mheap.scavengeAll",
		},
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, ImportLeftOut: 2, PragmaDropped: 1, DeclarationOut: 85, PointerToWord: 2, UnsafeKeptInUse: 1},
	},
	{
		Name: "mstats.go", Output: "zcut_mstats.go",
		Take:     []string{"sysMemStat", "sysMemStat.load", "sysMemStat.add"},
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, ImportLeftOut: 1, PragmaDropped: 2, DeclarationOut: 19},
	},
	{
		Name: "stubs.go", Output: "zcut_stubs.go",
		Take:     []string{"add", "alignUp", "alignDown"},
		Expected: map[Kind]int{PackageClause: 1, ImportLeftOut: 4, PragmaDropped: 2, DeclarationOut: 74, UnsafeKeptInUse: 1},
	},
	{
		Name: "float.go", Output: "zcut_float.go",
		Take:     []string{"isNaN", "isFinite", "isInf"},
		Expected: map[Kind]int{PackageClause: 1, ImportLeftOut: 1, DeclarationOut: 5},
	},
	{
		Name: "export_test.go", Output: "zcut_export_test.go",
		Take: []string{
			"PhysPageSize", "PhysHugePageSize", "PageSize..PageBase",
			"PIController", "NewPIController", "PIController.Next",
		},
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, ImportLeftOut: 3, DeclarationOut: 124, UnsafeKeptInUse: 1},
	},
	{
		Name: "mpallocbits_test.go", Output: "zcut_mpallocbits_test.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1},
	},
	{
		Name: "mpagealloc_test.go", Output: "zcut_mpagealloc_test.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 2},
	},
	{
		Name: "mpagecache_test.go", Output: "zcut_mpagecache_test.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 2},
	},
	{
		Name: "mgcscavenge_test.go", Output: "zcut_mgcscavenge_test.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 2},
	},
	{
		Name: "mranges_test.go", Output: "zcut_mranges_test.go",
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1},
	},
	{
		Name: "mgcpacer_test.go", Output: "zcut_mgcpacer_test.go",
		Take:     []string{"FuzzPIController"},
		Expected: map[Kind]int{PackageClause: 1, ImportMapped: 1, ImportLeftOut: 3, DeclarationOut: 25},
	},
}

// importPaths maps what the runtime imports to the stand-ins inside this module.
var importPaths = map[string]string{
	"internal/goarch":         "scavdiff/goharness/internal/standin/goarch",
	"internal/goos":           "scavdiff/goharness/internal/standin/goos",
	"runtime":                 "scavdiff/goharness/internal/pageheap",
	"runtime/internal/atomic": "scavdiff/goharness/internal/standin/atomic",
	"runtime/internal/sys":    "scavdiff/goharness/internal/standin/sys",
}
