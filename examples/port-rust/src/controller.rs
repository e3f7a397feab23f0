//! The controller that keeps the background scavenger to its share of the processors' time.

use crate::plant::{planted, Plant};

/// A proportional-integral controller with back-calculation: what its limits cut off works against its integral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PiController {
    /// Proportional gain.
    pub kp: f64,
    /// Integral time; 0 for none.
    pub ti: f64,
    /// Reset time of the integral; 0 for none.
    pub tt: f64,
    /// Least output.
    pub min: f64,
    /// Greatest output.
    pub max: f64,
    /// The error so far.
    pub err_integral: f64,
    /// Whether the integral has overflowed, ever.
    pub err_overflow: bool,
    /// Whether the output has overflowed, ever.
    pub input_overflow: bool,
}

impl PiController {
    /// The next output, and whether it is of use: not if something overflowed, which resets the controller.
    ///
    /// Each product is rounded by itself, as on a machine that does not fuse.
    pub fn next(&mut self, input: f64, setpoint: f64, period: f64) -> (f64, bool) {
        let error = setpoint - input;
        let raw = if planted(Plant::FusedMultiplyAdd) {
            self.kp.mul_add(error, self.err_integral)
        } else {
            self.kp * error + self.err_integral
        };
        if !raw.is_finite() {
            self.reset();
            self.input_overflow = true;
            return (self.min, false);
        }
        // Not `clamp`, which turns to other answers where the limits are NaN or cross.
        let output = if raw < self.min {
            self.min
        } else if raw > self.max {
            self.max
        } else {
            raw
        };
        if self.ti != 0.0 && self.tt != 0.0 {
            self.err_integral += (self.kp * period / self.ti) * error + (period / self.tt) * (output - raw);
            if !self.err_integral.is_finite() {
                self.reset();
                self.err_overflow = true;
                return (self.min, false);
            }
        }
        (output, true)
    }

    /// Forgets the error so far, but not that something has overflowed.
    pub fn reset(&mut self) {
        self.err_integral = 0.0;
    }
}
