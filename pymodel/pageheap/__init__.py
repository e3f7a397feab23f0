"""An executable specification of Go 1.18's page heap and scavenger (linux/amd64).

Each module states one Go file; names are Go's in snake case. Start with `mpagealloc`, then `mgcscavenge`; when the
scavenger runs and how much it takes is in `bgscavenge`, above which stand `mheap` and, with the clock, `virtual_time`.
What a bitmap is stands in `mpallocbits`, how addresses are ordered in `mranges`, what can go wrong in `failures`, how
floating point differs from Python's in `floats`.
"""
