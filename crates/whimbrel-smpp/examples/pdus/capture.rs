//! A capture file by hand: pcap (draft-ietf-opsawg-pcap) with Ethernet, IPv4 (RFC 791) and TCP (RFC 9293).
//!
//! One connection, from its handshake to its end, with right numbers and sums, so that a reader has nothing to mend.

use std::io::{self, Write};

use crate::draw::Side;

/// Most octets of a segment: 1500 less both headers.
pub const SEGMENT_OCTETS_MAX: usize = 1_460;

const SMSC_PORT: u16 = 2775;
const ESME_PORT: u16 = 40_000;
const ESME_ADDRESS: [u8; 4] = [192, 0, 2, 1];
const SMSC_ADDRESS: [u8; 4] = [192, 0, 2, 2];
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PUSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// A capture of one connection, being written.
pub struct Capture<W> {
    out: W,
    frames: u64,
    /// The next sequence number of the client and of the centre.
    next: [u32; 2],
}

impl<W: Write> Capture<W> {
    /// Writes the file's header and the connection's handshake.
    pub fn begin(mut out: W) -> io::Result<Self> {
        // Microseconds, version 2.4, no zone, no precision, whole frames, Ethernet.
        out.write_all(&0xA1B2_C3D4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0])?;
        for word in [0, 0, 0xFFFF, 1_u32] {
            out.write_all(&word.to_le_bytes())?;
        }
        // The sequence numbers wrap soon, as they may.
        let mut capture = Self { out, frames: 0, next: [0xFFFF_0000, 0x0000_1000] };
        capture.frame(Side::Esme, SYN, &[])?;
        capture.frame(Side::Smsc, SYN | ACK, &[])?;
        capture.frame(Side::Esme, ACK, &[])?;
        Ok(capture)
    }

    /// The number that the next frame will have, from 1.
    pub const fn next_frame(&self) -> u64 {
        self.frames + 1
    }

    /// Writes one segment.
    pub fn segment(&mut self, side: Side, octets: &[u8]) -> io::Result<()> {
        self.frame(side, PUSH | ACK, octets)
    }

    /// Writes the connection's end.
    pub fn end(mut self) -> io::Result<W> {
        self.frame(Side::Esme, FIN | ACK, &[])?;
        self.frame(Side::Smsc, FIN | ACK, &[])?;
        self.frame(Side::Esme, ACK, &[])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn frame(&mut self, side: Side, flags: u8, octets: &[u8]) -> io::Result<()> {
        let (own, other) = match side {
            Side::Esme => (0, 1),
            Side::Smsc => (1, 0),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { self.next[other] };
        let segment = tcp(side, flags, self.next[own], acknowledged, octets);
        let packet = ip(side, self.frames, &segment);
        let mut frame = Vec::with_capacity(packet.len() + 14);
        // Locally administered addresses; 0x0800 is IPv4.
        frame.extend_from_slice(&[2, 0, 0, 0, 0, 2 - own as u8, 2, 0, 0, 0, 0, 1 + own as u8, 8, 0]);
        frame.extend_from_slice(&packet);
        // A millisecond between frames.
        let (seconds, micros) = (self.frames / 1_000, self.frames % 1_000 * 1_000);
        let count = frame.len() as u32;
        for word in [1_700_000_000 + seconds as u32, micros as u32, count, count] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(&frame)?;
        self.frames += 1;
        let counted = octets.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[own] = self.next[own].wrapping_add(counted);
        Ok(())
    }
}

fn ends(side: Side) -> ([u8; 4], [u8; 4], u16, u16) {
    match side {
        Side::Esme => (ESME_ADDRESS, SMSC_ADDRESS, ESME_PORT, SMSC_PORT),
        Side::Smsc => (SMSC_ADDRESS, ESME_ADDRESS, SMSC_PORT, ESME_PORT),
    }
}

fn tcp(side: Side, flags: u8, sequence: u32, acknowledged: u32, octets: &[u8]) -> Vec<u8> {
    let (from, to, from_port, to_port) = ends(side);
    let mut segment = Vec::with_capacity(20 + octets.len());
    segment.extend_from_slice(&from_port.to_be_bytes());
    segment.extend_from_slice(&to_port.to_be_bytes());
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&acknowledged.to_be_bytes());
    // Five words of header, the widest window, no sum yet, nothing urgent.
    segment.extend_from_slice(&[0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    segment.extend_from_slice(octets);
    let length = (segment.len() as u16).to_be_bytes();
    let pseudo = [&from[..], &to[..], &[0, 6], &length].concat();
    let sum = checksum(&[&pseudo, &segment]);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

fn ip(side: Side, number: u64, segment: &[u8]) -> Vec<u8> {
    let (from, to, ..) = ends(side);
    let length = (20 + segment.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend_from_slice(&length.to_be_bytes());
    packet.extend_from_slice(&(number as u16).to_be_bytes());
    // Not to be cut up; 64 hops; TCP; no sum yet.
    packet.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
    packet.extend_from_slice(&from);
    packet.extend_from_slice(&to);
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend_from_slice(segment);
    packet
}

/// The sum of RFC 1071 over these octets; all but the last piece have an even count.
fn checksum(pieces: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for piece in pieces {
        for pair in piece.chunks(2) {
            sum += u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |octet| u32::from(*octet));
        }
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
