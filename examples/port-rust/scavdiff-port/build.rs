//! Makes Rust of the protocol, without `protoc`.

const PROTO_FOLDER: &str = "../../../proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={PROTO_FOLDER}");
    prost_build::compile_fds(protox::compile(["pageheap/v1/stdio.proto"], [PROTO_FOLDER])?)?;
    Ok(())
}
