//! How the page heap gives up when it finds its own data wrong.

/// A failure of Go's run time. It travels as the payload of a Rust panic: nobody above can go on with a heap that
/// contradicts itself, and whoever runs many heaps can still catch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// `throw`, with Go's text.
    Throw(&'static str),
    /// An integer was divided by zero.
    Divide,
}

/// Ends the operation with Go's text.
pub fn throw(text: &'static str) -> ! {
    std::panic::panic_any(Failure::Throw(text))
}

/// Ends the operation as a division by zero.
pub fn divide_by_zero() -> ! {
    std::panic::panic_any(Failure::Divide)
}
