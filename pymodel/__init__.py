"""Differential tester for Go 1.18's page heap.

`pageheap` is the executable specification, `wire` the generated protocol code, `differential` the driver.
Dependencies point one way: tests -> differential -> {pageheap, wire}.
"""
