package pageheap

// Counter is a stretch of statements of the cut code that run one after the other.
type Counter struct {
	File           string
	Line           int
	StatementCount int
}

// countedFile is what cmd/count writes for a file: a count for each stretch, and where it begins.
type countedFile struct {
	name       string
	counts     []uint32
	positions  []uint32
	statements []uint16
}

// countedFiles is empty in a build that does not count.
var countedFiles []countedFile

// Words of a stretch in positions: its first line, its last, and both columns.
const positionWords = 3

// IsCounting tells whether this build counts what it reaches.
func IsCounting() bool { return len(countedFiles) != 0 }

// Counters lists all counters, in the order of the bits of AppendReached; none in a build that does not count.
func Counters() []Counter {
	var counters []Counter
	for _, file := range countedFiles {
		for i, statements := range file.statements {
			counters = append(counters, Counter{file.name, int(file.positions[positionWords*i]), int(statements)})
		}
	}
	return counters
}

// AppendReached appends a bitmap of the counters that were reached since the last call, lowest bit first, and clears
// them. A page heap must be in use.
func AppendReached(to []byte) []byte {
	var bits byte
	count := 0
	for _, file := range countedFiles {
		for i, reached := range file.counts {
			if reached != 0 {
				bits |= 1 << (count % 8)
				file.counts[i] = 0
			}
			if count++; count%8 == 0 {
				to = append(to, bits)
				bits = 0
			}
		}
	}
	if count%8 != 0 {
		to = append(to, bits)
	}
	return to
}
