//! Frames of SMPP 3.4 §3.2.1 around rusmpp's codec.

use std::io;

use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use rusmpp::{Command, CommandStatus, Pdu};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A header without its length; the whole header; and what fits a payload of 64 KiB.
const REST_OCTETS_MIN: usize = 12;
const FRAME_OCTETS_MAX: usize = 70_000;

/// Reads the next PDU, which must fill its frame; nothing at the end of the connection, however it came.
///
/// # Errors
/// What is wrong with the octets.
pub async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<Command>, String> {
    let Ok(length) = reader.read_u32().await else { return Ok(None) };
    let length = usize::try_from(length).map_err(|error| error.to_string())?;
    if !(REST_OCTETS_MIN + 4..=FRAME_OCTETS_MAX).contains(&length) {
        return Err(format!("a command_length of {length}"));
    }
    let mut frame = vec![0; length - 4];
    if reader.read_exact(&mut frame).await.is_err() {
        return Err(format!("the connection ended within a PDU of {length} octets"));
    }
    let mut rest = (&frame[..]).into();
    let (command, _) = Command::decode(&mut rest, frame.len()).map_err(|error| error.to_string())?;
    if rest.is_empty() { Ok(Some(command)) } else { Err(format!("{} octets behind the PDU's end", rest.len())) }
}

/// Writes a PDU.
///
/// # Errors
/// What the connection says.
pub async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    status: CommandStatus,
    sequence: u32,
    pdu: Pdu,
) -> io::Result<()> {
    let command = Command::new(status, sequence, pdu);
    let mut octets = vec![0; 4 + command.length()];
    let length = u32::try_from(octets.len()).map_err(io::Error::other)?;
    octets[..4].copy_from_slice(&length.to_be_bytes());
    command.encode(&mut octets[4..]);
    writer.write_all(&octets).await
}
