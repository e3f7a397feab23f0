"""`scavdiff simulate`: what the scavenger makes of an allocation history, in virtual time.

`history` is what goes in, from `shapes`, `csv_history` or `trace_log`. `plan` decides when the garbage collector runs,
`placement` turns bytes into spans, which gives a program like any other; targets run it. `results` reads what they did;
`table`, `chart`, `export` and `page` show it. docs/simulation.md gives the rules.
"""
