//! How the page heap gives up when it finds its own data wrong.

/// What Go's runtime would say in `throw`. It travels as the payload of a Rust panic: nobody above can go on with a
/// heap that contradicts itself, and whoever runs many heaps can still catch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throw(pub &'static str);

/// Ends the operation with Go's text.
pub fn throw(text: &'static str) -> ! {
    std::panic::panic_any(Throw(text))
}
