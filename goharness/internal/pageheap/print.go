package pageheap

import (
	"fmt"
	"os"
	"strconv"
)

// hex is a number that print shows in hexadecimal.
type hex uint64

func printlock()   {}
func printunlock() {}

// print collects what the runtime's print would write to standard error.
func print(values ...any) {
	var text []byte
	for _, value := range values {
		text = appendPrinted(text, value)
	}
	if current == nil {
		os.Stderr.Write(text)
		return
	}
	current.printed = append(current.printed, text...)
}

// println separates its values by spaces, as the runtime's does.
func println(values ...any) {
	for i, value := range values {
		if i > 0 {
			print(" ")
		}
		print(value)
	}
	print("\n")
}

func appendPrinted(text []byte, value any) []byte {
	switch value := value.(type) {
	case string:
		return append(text, value...)
	case hex:
		return strconv.AppendUint(append(text, "0x"...), uint64(value), 16)
	case int:
		return strconv.AppendInt(text, int64(value), 10)
	case int64:
		return strconv.AppendInt(text, value, 10)
	case uint:
		return strconv.AppendUint(text, uint64(value), 10)
	case uint32:
		return strconv.AppendUint(text, uint64(value), 10)
	case uint64:
		return strconv.AppendUint(text, value, 10)
	case uintptr:
		return strconv.AppendUint(text, uint64(value), 10)
	case sysMemStat:
		return strconv.AppendUint(text, uint64(value), 10)
	}
	panic(fmt.Sprintf("print of a %T, which the shim does not know", value))
}
