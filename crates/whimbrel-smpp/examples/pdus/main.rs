//! Writes random, valid PDUs as a capture file, and what is meant by each as JSON lines beside it.
//!
//! `cargo xtask dissect` runs it and has tshark, a decoder that is not ours, say what it reads. Each line names the frame
//! in which the PDU ends and its fields under Wireshark's names: `{"frame":4,"fields":[["smpp.command_id","21"],...]}`.
//!
//! Arguments: how many PDUs, the seed, the capture file, the file of meanings.

mod capture;
mod draw;
mod meaning;
mod random;

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use capture::{Capture, SEGMENT_OCTETS_MAX};
use draw::{Side, draw};
use meaning::{Meaning, meaning};
use random::Random;
use whimbrel_smpp::HEADER_OCTETS;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, seed, capture, meanings] = arguments.as_slice() else {
        return Err("give a count, a seed, a capture file and a file for the meanings".into());
    };
    let mut writer = Writing {
        random: Random::new(seed.parse()?),
        capture: Capture::begin(BufWriter::new(File::create(capture)?))?,
        meanings: BufWriter::new(File::create(meanings)?),
        side: Side::Esme,
        waiting: Vec::new(),
        ends: Vec::new(),
    };
    for _ in 0..count.parse::<u64>()? {
        writer.next()?;
    }
    writer.flush()?;
    writer.capture.end()?;
    writer.meanings.flush()?;
    Ok(())
}

struct Writing<W: Write, M: Write> {
    random: Random,
    capture: Capture<W>,
    meanings: M,
    /// Who has spoken last, what of it no segment holds yet, and where in that each PDU ends.
    side: Side,
    waiting: Vec<u8>,
    ends: Vec<(usize, Meaning)>,
}

impl<W: Write, M: Write> Writing<W, M> {
    /// Draws a PDU and puts it behind those that wait, or first lets those go.
    fn next(&mut self) -> Result<(), Box<dyn Error>> {
        let drawn = draw(&mut self.random);
        if drawn.side != self.side || self.random.once_in(3) {
            self.flush()?;
            self.side = drawn.side;
        }
        let start = self.waiting.len();
        drawn.pdu.encode(&mut self.waiting)?;
        let octets = self.waiting.len() - start;
        self.ends.push((self.waiting.len(), meaning(&drawn, octets)));
        Ok(())
    }

    /// Sends all that waits, cut into segments: at most full ones, now and then of a single octet.
    fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let ends = std::mem::take(&mut self.ends);
        let mut starts = vec![0];
        starts.extend(ends.iter().map(|(end, _)| *end));
        let mut ends = ends.into_iter().peekable();
        let mut sent = 0;
        while sent < waiting.len() {
            let most = match self.random.below(20) {
                0 => 1,
                1..=4 => 1 + self.random.count(60),
                _ => SEGMENT_OCTETS_MAX - HEADER_OCTETS,
            };
            let next = waiting.len().min(past_header(&starts, sent + most));
            let frame = self.capture.next_frame();
            self.capture.segment(self.side, &waiting[sent..next])?;
            while let Some((_, meaning)) = ends.next_if(|(end, _)| *end <= next) {
                write_line(&mut self.meanings, frame, &meaning)?;
            }
            sent = next;
        }
        Ok(())
    }
}

/// Moves a cut out of a header. Wireshark's dissector gives up a stream in which a segment begins a PDU and holds less than
/// its 16 octets, although TCP may cut anywhere; our own reader is tested with every cut.
fn past_header(starts: &[usize], cut: usize) -> usize {
    let inside = |start: &&usize| (**start + 1..**start + HEADER_OCTETS).contains(&cut);
    starts.iter().find(inside).map_or(cut, |start| start + HEADER_OCTETS)
}

/// Values are ASCII, so that a backslash before `"` and `\` makes them JSON.
fn write_line(out: &mut impl Write, frame: u64, meaning: &Meaning) -> io::Result<()> {
    write!(out, "{{\"frame\":{frame},\"fields\":[")?;
    for (number, (field, value)) in meaning.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        write!(out, "{comma}[\"{field}\",\"{value}\"]")?;
    }
    writeln!(out, "]}}")
}
