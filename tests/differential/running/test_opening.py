from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pymodel.differential.errors import ProtocolMismatch
from pymodel.differential.running.opening import open_targets
from pymodel.differential.targets.target_specs import TimeLimits

PORT = Path(__file__).parents[1] / "targets/stdio_port.py"
LIMITS = TimeLimits(start_seconds=60)


def spec(level_count: int) -> str:
    return f"stdio:{sys.executable} {PORT} --levels {level_count}"


def test_a_target_to_which_no_program_could_be_sent_is_refused() -> None:
    with pytest.raises(ProtocolMismatch) as caught:
        open_targets((spec(0),), True, (), LIMITS)
    assert str(caught.value).startswith("target port names no capability that counts: ")
    side_by_side = open_targets((spec(1),), True, (), LIMITS)
    assert side_by_side.names == ["model", "port"]
    side_by_side.close()
