//! Serves the page heap of this crate to scavdiff. `--plant NUMBER` plants a fault in it.

mod adapter;
mod calls;
mod pacing;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => (),
        [flag, number] if flag == "--plant" => pageheap::plant::plant(number.parse()?),
        _ => return Err("usage: port-rust [--plant NUMBER]".into()),
    }
    Ok(scavdiff_port::serve::<adapter::Adapter>()?)
}
