"""`python -m tests.planted` holds the tester to the planted faults, and prints how fast it finds each.

`python -m tests.planted serve FAULT` is a target that has the fault.
"""

from __future__ import annotations

import sys
import time

from tests.planted.edits import plant
from tests.planted.faults import WRONG_BEHAVIOURS, WRONG_RULES, behave


def serve_fault(name: str) -> None:
    """Serves the specification with the fault of that name in it; "none" serves it as it is."""
    rule = next((rule for rule in WRONG_RULES if rule.name == name), None)
    if rule is not None:
        # The server imports the specification, so the fault must be there first.
        plant(rule.edit)
    from tests.planted.server import serve

    behaviour = next((behaviour for behaviour in WRONG_BEHAVIOURS if behaviour.name == name), None)
    if behaviour is not None:
        time.sleep(behaviour.start_seconds)
        serve("planted", behaviour.protocol_version, behaviour.misbehave)
    elif rule is not None or name == "none":
        serve("planted", 1, behave)
    else:
        sys.exit(f"no planted fault is called {name!r}")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", name]:
            serve_fault(name)
        case _:
            from tests.planted.table import main as print_table

            print_table(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
