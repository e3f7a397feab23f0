//! The conversation with the driver, over standard input and output.

use crate::checking::OPERATION_COUNT_MAX;
use crate::programs::run_program;
use crate::wire::{
    stdio_request::Request, stdio_response::Response, DescribeResponse, Refusal, StdioRequest, StdioResponse,
};
use crate::Port;
use prost::Message;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

const PROTOCOL_VERSION: u32 = 1;
const PROGRAM_BYTES_MAX: u64 = 16 << 20;

/// Answers programs until the driver ends its side.
pub fn serve<P: Port>() -> io::Result<()> {
    // What a page heap gives up with is an outcome, and told in the transcript.
    std::panic::set_hook(Box::new(|_| ()));
    let (mut input, mut output) = (BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()));
    writeln!(output, "scavdiff stdio protobuf {PROTOCOL_VERSION}")?;
    loop {
        // The driver sends ahead. It may wait for all that is answered once nothing more has come.
        if input.buffer().is_empty() {
            output.flush()?;
        }
        if input.fill_buf()?.is_empty() {
            return Ok(());
        }
        let response = Some(match read_request(&mut input)?.request {
            Some(Request::Describe(_)) => Response::Describe(describe::<P>()),
            Some(Request::Program(program)) => match run_program::<P>(&program) {
                Ok(transcript) => Response::Transcript(transcript),
                Err(refusal) => Response::Refusal(refusal),
            },
            None => Response::Refusal(Refusal {
                status: "UNIMPLEMENTED".into(),
                message: "neither a description nor a program is asked for".into(),
            }),
        });
        output.write_all(&StdioResponse { response }.encode_length_delimited_to_vec())?;
    }
}

fn read_request(input: &mut impl BufRead) -> io::Result<StdioRequest> {
    let mut prefix = Vec::new();
    while prefix.last().is_none_or(|byte| byte & 0x80 != 0) {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        prefix.extend(byte);
    }
    let mut message = vec![0; prost::decode_length_delimiter(prefix.as_slice())?];
    input.read_exact(&mut message)?;
    Ok(StdioRequest::decode(message.as_slice())?)
}

fn describe<P: Port>() -> DescribeResponse {
    DescribeResponse {
        protocol_version: PROTOCOL_VERSION,
        name: P::NAME.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        go_version: "go1.18.10".into(),
        capabilities: P::CAPABILITIES.iter().map(|capability| *capability as i32).collect(),
        operation_count_max: OPERATION_COUNT_MAX as u64,
        program_bytes_max: PROGRAM_BYTES_MAX,
        ..Default::default()
    }
}
