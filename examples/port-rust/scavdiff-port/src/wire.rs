//! The protocol's messages, made by the build from `proto/`.

#![allow(clippy::large_enum_variant)]

include!(concat!(env!("OUT_DIR"), "/pageheap.v1.rs"));
