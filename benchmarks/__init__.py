"""How fast programs are compared, where the time goes, and how that grows. `make bench` runs it; it is no test.

All rates are operations per second of *processor time*, that of the driver and of all targets added up, so that a rate
is one per core, and so that a machine with other work gives nearly the rates of an idle one.
"""
