//! Results of functions as the words that the protocol carries.

/// What a function returns, as words.
pub trait IntoWords {
    /// The words, in order.
    fn into_words(self) -> Vec<u64>;
}

impl IntoWords for u64 {
    fn into_words(self) -> Vec<u64> {
        vec![self]
    }
}

impl IntoWords for usize {
    fn into_words(self) -> Vec<u64> {
        vec![self as u64]
    }
}

/// 1 or 0.
impl IntoWords for bool {
    fn into_words(self) -> Vec<u64> {
        vec![self.into()]
    }
}

/// An index, or Go's `^0` for none.
impl IntoWords for Option<usize> {
    fn into_words(self) -> Vec<u64> {
        vec![self.map_or(u64::MAX, |index| index as u64)]
    }
}

/// Nothing.
impl IntoWords for () {
    fn into_words(self) -> Vec<u64> {
        vec![]
    }
}

/// A bitmap.
impl IntoWords for [u64; 8] {
    fn into_words(self) -> Vec<u64> {
        self.into()
    }
}

impl IntoWords for Vec<u64> {
    fn into_words(self) -> Vec<u64> {
        self
    }
}

impl<A: IntoWords, B: IntoWords> IntoWords for (A, B) {
    fn into_words(self) -> Vec<u64> {
        [self.0.into_words(), self.1.into_words()].concat()
    }
}

impl<A: IntoWords, B: IntoWords, C: IntoWords> IntoWords for (A, B, C) {
    fn into_words(self) -> Vec<u64> {
        (self.0, (self.1, self.2)).into_words()
    }
}

#[cfg(test)]
mod tests {
    use super::IntoWords;

    #[test]
    fn results_become_words_in_order() {
        assert_eq!((7u64, (true, None::<usize>), [3u64; 8]).into_words(), [vec![7, 1, u64::MAX], vec![3; 8]].concat());
    }
}
