module scavdiff/reality

go 1.18
