//! Conversions of floating-point numbers to integers as Go compiles them for amd64: what does not fit becomes 2^63. Rust
//! would take the nearest integer that there is.

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
const DOES_NOT_FIT: i64 = i64::MIN;

/// `int64(x)`.
pub fn to_i64(x: f64) -> i64 {
    if (-TWO_TO_63..TWO_TO_63).contains(&x) {
        x as i64
    } else {
        DOES_NOT_FIT
    }
}

/// `uint64(x)`.
pub fn to_u64(x: f64) -> u64 {
    if x < TWO_TO_63 {
        to_i64(x) as u64
    } else {
        to_i64(x - TWO_TO_63) as u64 | 1 << 63
    }
}

#[cfg(test)]
mod tests {
    use super::{to_i64, to_u64};

    #[test]
    fn what_fits_is_cut_off_and_what_does_not_is_two_to_the_63() {
        assert_eq!([2.9, 0.5, 1e18].map(to_u64), [2, 0, 1_000_000_000_000_000_000]);
        assert_eq!(to_u64(1.5 * 2f64.powi(63)), 3 << 62);
        assert_eq!([f64::NAN, f64::INFINITY, 2f64.powi(64)].map(to_u64), [1 << 63; 3]);
        assert_eq!([f64::NAN, f64::NEG_INFINITY, 2f64.powi(63)].map(to_i64), [i64::MIN; 3]);
        assert_eq!(to_i64(-1.5), -1);
    }
}
