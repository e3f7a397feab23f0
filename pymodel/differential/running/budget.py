"""How much a run may do."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a run; None is no limit. A run ends at the first one reached, in whole programs."""

    program_count: int | None = None
    operation_count: int | None = None
    seconds: float | None = None

    def allows_another(self, sent_program_count: int, compared_operation_count: int, seconds: float) -> bool:
        """Whether one more program may be sent."""
        return not (
            (self.program_count is not None and sent_program_count >= self.program_count)
            or (self.operation_count is not None and compared_operation_count >= self.operation_count)
            or (self.seconds is not None and seconds >= self.seconds)
        )

    def share_done(self, program_count: int, operation_count: int, seconds: float) -> float:
        """How far a run has come, in [0, 1]: the furthest of its limits."""
        shares = [
            done / limit
            for done, limit in (
                (program_count, self.program_count),
                (operation_count, self.operation_count),
                (seconds, self.seconds),
            )
            if limit is not None
        ]
        return min(1.0, max(shares, default=0.0))

    def __str__(self) -> str:
        limits = []
        if self.program_count is not None:
            limits.append(f"{self.program_count:,} programs")
        if self.operation_count is not None:
            limits.append(f"{self.operation_count:,} operations")
        if self.seconds is not None:
            limits.append(f"{self.seconds:g} s")
        return " or ".join(limits) or "no limit"
