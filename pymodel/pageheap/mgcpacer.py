"""The proportional-integral controller that paces the background scavenger.

Floating point must come out bit for bit as in Go on amd64 without fused multiply-add: each operation rounds once, in
the order written, which is what Python's floats do too.
"""

from __future__ import annotations

import math


class PIController:
    """A controller whose output follows the error of its input and the integral of that error over time.

    Go: piController, mgcpacer.go.
    """

    __slots__ = ("err_integral", "err_overflow", "input_overflow", "kp", "max", "min", "ti", "tt")

    def __init__(self, kp: float, ti: float, tt: float, minimum: float, maximum: float) -> None:
        self.kp = kp
        """Proportional constant."""
        self.ti = ti
        """Integral time constant, in the unit of the periods; 0 turns the integral off."""
        self.tt = tt
        """Time constant by which a clamped output winds the integral back; 0 turns the integral off."""
        self.min = minimum
        self.max = maximum
        self.err_integral = 0.0
        self.err_overflow = False
        """Whether err_integral ever became infinite or NaN."""
        self.input_overflow = False
        """Whether an input ever made the output infinite or NaN."""

    def next(self, input_value: float, setpoint: float, period: float) -> tuple[float, bool]:
        """Take a sample that stands for the last `period`; returns the clamped output and whether all stayed finite.

        On an overflow the integral is reset, the reason is flagged for good, and the result is (min, False).
        Go: (*piController).next, mgcpacer.go.
        """
        prop = self.kp * (setpoint - input_value)
        raw_output = prop + self.err_integral
        output = raw_output
        if not math.isfinite(output):
            self.reset()
            self.input_overflow = True
            return self.min, False
        if output < self.min:
            output = self.min
        elif output > self.max:
            output = self.max
        if self.ti != 0 and self.tt != 0:
            integral = (self.kp * period / self.ti) * (setpoint - input_value)
            self.err_integral += integral + (period / self.tt) * (output - raw_output)
            if not math.isfinite(self.err_integral):
                self.reset()
                self.err_overflow = True
                return self.min, False
        return output, True

    def reset(self) -> None:
        """Forget the integral, not the two flags. Go: (*piController).reset, mgcpacer.go."""
        self.err_integral = 0.0
