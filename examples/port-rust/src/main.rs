//! Serves the page heap of this crate to scavdiff. `--plant=NUMBER` plants a fault in it.

mod adapter;
mod calls;
mod pacing;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(flag) = std::env::args().nth(1) {
        let number = flag.strip_prefix("--plant=").ok_or("usage: port-rust [--plant=NUMBER]")?;
        pageheap::plant::plant(number.parse()?);
    }
    Ok(scavdiff_port::serve::<adapter::Adapter>()?)
}
