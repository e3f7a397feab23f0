"""`python -m tests.planted` holds the tester to the planted faults, and prints how fast it finds each.

`python -m tests.planted serve FAULT` is a target that has the fault. `--as NAME` is what it calls itself, `--only BITS`
lets it have only the capabilities named, so that most programs are left out and a campaign is quick. With `--and FAULT`
it has two.

`python -m tests.planted campaign` holds 22 faults in one campaign, `pairs` two in one target.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.planted.edits import plant
from tests.planted.faults import WRONG_BEHAVIOURS, WRONG_RULES, behave


def serve_fault(name: str, called: str = "planted", only: Sequence[str] = (), more: Sequence[str] = ()) -> None:
    """Serves the specification with the fault of that name in it, and `more`; "none" serves it as it is."""
    rules = {rule.name: rule for rule in WRONG_RULES}
    rule = rules.get(name)
    if rule is not None:
        # The server imports the specification, so the faults must be there first.
        plant(rule.edit, *(rules[each].edit for each in more))
    from pymodel.differential.targets.capabilities import Capability
    from tests.planted.server import serve

    capabilities = [Capability[each] for each in only] or list(Capability)
    behaviour = next((behaviour for behaviour in WRONG_BEHAVIOURS if behaviour.name == name), None)
    if behaviour is not None:
        time.sleep(behaviour.start_seconds)
        serve(called, behaviour.protocol_version, behaviour.misbehave, capabilities)
    elif rule is not None or name == "none":
        serve(called, 1, behave, capabilities)
    else:
        sys.exit(f"no planted fault is called {name!r}")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", *rest]:
            parser = argparse.ArgumentParser(prog="python -m tests.planted serve")
            parser.add_argument("fault")
            parser.add_argument("--as", dest="called", default="planted")
            parser.add_argument("--only", nargs="*", default=())
            parser.add_argument("--and", dest="more", action="append", default=[])
            options = parser.parse_args(rest)
            serve_fault(options.fault, options.called, options.only, options.more)
        case ["campaign", *rest]:
            from tests.planted.campaign import main as run_campaign

            run_campaign(rest)
        case ["pairs", *rest]:
            from tests.planted.pairs import main as run_pairs

            run_pairs(rest)
        case _:
            from tests.planted.table import main as print_table

            print_table(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
