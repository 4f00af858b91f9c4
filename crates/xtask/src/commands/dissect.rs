//! `cargo xtask dissect`: has tshark, a decoder that is not ours, read what our SMPP codec writes.
//!
//! The codec's example `pdus` writes random, valid PDUs as a capture and says what each field is meant to say; tshark says
//! what it reads; both must be the same, field by field and in order, for every frame. A difference fails with both sides.
//!
//! Where the dissector cannot be held to the specification, what is meant says what the dissector shows instead:
//! - A response with an error has no body for it, though SMPP 3.4 leaves it out of `submit_sm_resp` and binds alone.
//! - A segment that begins a PDU must hold its whole header, else it gives the stream up.
//! - Times that are empty are spans of nothing; `final_date` is then not there; an empty `service_type` is `(Default)`.
//! - An empty text beside another value of the same field in one frame is not told: empty texts are not compared.
//! - Spans of more than 31 days are not compared: months have no length.
//! - Once in some thousand `data_sm` with nothing but a payload, it reads all of it and then calls it malformed.
//!
//! The dissector of user data headers is off: it takes a header of the last PDU for one of the next, calls that malformed,
//! and then misses the rest of the segment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use clap::Args;
use serde::Deserialize;

use crate::clock::Started;
use crate::command::{self, cargo, program};
use crate::commands::install;
use crate::dissected::{SEPARATOR, normal};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// How many PDUs, and which.
#[derive(Args)]
pub struct Options {
    /// How many PDUs.
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// Which ones: the same seed gives the same PDUs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How many differences are told.
const TOLD_MAX: usize = 10;
const MALFORMED: &str = "_ws.malformed";
/// What the dissector says of a `data_sm` that it read to its end.
const MALFORMED_DATA_SM: &str = "[Malformed Packet: SMPP]";
const DATA_SM: &str = "259";

/// One PDU as it is meant.
#[derive(Debug, Deserialize)]
struct Meant {
    /// The frame that it ends in.
    frame: u64,
    /// Fields and values, in the order of the wire.
    fields: Vec<(String, String)>,
}

/// Fields with their values, in order.
type Fields = BTreeMap<String, Vec<String>>;

/// Writes the PDUs, has them read and compares.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    let folder = workspace.scratch("dissect")?;
    let (capture, meant) = (folder.join("pdus.pcap"), folder.join("pdus.jsonl"));
    let (count, seed) = (options.count.to_string(), options.seed.to_string());
    let (capture_name, meant_name) = (capture.to_string_lossy(), meant.to_string_lossy());
    let line = ["run", "--quiet", "--package", "whimbrel-smpp", "--example", "pdus", "--locked", "--"];
    command::run(cargo(workspace, &line).args([&count, &seed, &*capture_name, &*meant_name]))?;
    let started = Started::now();
    let names = names(&meant)?;
    let read = compare(workspace, &capture, &meant, &names)?;
    require(read == options.count, || format!("tshark read {read} PDUs of {count}"))?;
    println!("tshark read {read} PDUs as meant, {} fields, in {:.1} s", names.len(), started.elapsed().as_secs_f64());
    Ok(())
}

/// The fields that are meant anywhere.
fn names(meant: &Path) -> Outcome<Vec<String>> {
    let mut names = BTreeSet::new();
    for pdu in meanings(meant)? {
        names.extend(pdu?.fields.into_iter().map(|(name, _)| name));
    }
    Ok(names.into_iter().collect())
}

fn meanings(path: &Path) -> Outcome<impl Iterator<Item = Outcome<Meant>>> {
    let file = File::open(path).attempting(format_args!("read {}", path.display()))?;
    Ok(BufReader::new(file).lines().map(|line| serde_json::from_str(&line?).attempting("read what is meant")))
}

/// Runs tshark and compares frame by frame; gives the number of PDUs that it read.
fn compare(workspace: &Workspace, capture: &Path, meant: &Path, names: &[String]) -> Outcome<u64> {
    let mut tshark = program(workspace, "tshark", &["-n", "-d", "tcp.port==2775,smpp", "-T", "fields"]);
    tshark.arg("-r").arg(capture).args(["-o", "smpp.reassemble_smpp_over_tcp:TRUE"]);
    tshark.args(["-o", "tcp.desegment_tcp_streams:TRUE", "--disable-protocol", "gsm_sms_ud"]);
    tshark.args(["-E", "separator=/t", "-E", "occurrence=a", "-E", &format!("aggregator={SEPARATOR}")]);
    tshark.args(["-e", "frame.number", "-e", MALFORMED]);
    tshark.args(names.iter().flat_map(|name| ["-e", name]));
    tshark.env("TZ", "UTC").stdout(Stdio::piped());
    let mut child = tshark.spawn().attempting("start tshark")?;
    let output = child.stdout.take().ok_or_else(|| Failure::new("tshark has no output"))?;
    let mut meanings = meanings(meant)?.peekable();
    let mut verdict = Verdict::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        let (frame, told, malformed) = read_line(&line, names)?;
        let mut wanted = Fields::new();
        while let Some(pdu) = meanings.next_if(|pdu| pdu.as_ref().map_or(true, |pdu| pdu.frame == frame)) {
            for (name, value) in pdu?.fields {
                if !value.is_empty() {
                    wanted.entry(name).or_default().push(value);
                }
            }
        }
        verdict.frame(frame, &told, &wanted, malformed);
    }
    let status = child.wait()?;
    require(status.success(), || format!("tshark ended with {status}"))?;
    require(meanings.next().is_none(), || "the capture ends before the PDUs do".to_owned())?;
    verdict.end()
}

/// The frame's number, the fields with any value but an empty one, and what was called malformed.
fn read_line<'a>(line: &'a str, names: &[String]) -> Outcome<(u64, Fields, &'a str)> {
    let mut columns = line.split('\t');
    let frame = columns.next().unwrap_or_default().parse().attempting("read tshark's frame number")?;
    let malformed = columns.next().unwrap_or_default();
    let mut told = Fields::new();
    for (name, column) in names.iter().zip(columns) {
        let values = column.split(SEPARATOR).map(|value| normal(name, value)).filter(|value| !value.is_empty());
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            told.insert(name.clone(), values);
        }
    }
    Ok((frame, told, malformed))
}

/// What was found so far.
#[derive(Default)]
struct Verdict {
    pdus: u64,
    differences: usize,
    tolerated: u64,
}

impl Verdict {
    fn frame(&mut self, frame: u64, told: &Fields, wanted: &Fields, malformed: &str) {
        self.pdus += told.get("smpp.command_length").map_or(0, |lengths| lengths.len() as u64);
        let names: BTreeSet<&String> = told.keys().chain(wanted.keys()).collect();
        for name in names {
            let (told, wanted) = (told.get(name), wanted.get(name));
            if told != wanted {
                self.differ(&format!("frame {frame}: {name} is {told:?}, meant was {wanted:?}"));
            }
        }
        let has_data_sm = wanted.get("smpp.command_id").is_some_and(|ids| ids.iter().any(|id| id == DATA_SM));
        if has_data_sm && malformed.contains(MALFORMED_DATA_SM) {
            self.tolerated += 1;
        } else if !malformed.is_empty() {
            self.differ(&format!("frame {frame}: tshark calls it {malformed:?}"));
        }
    }

    fn differ(&mut self, text: &str) {
        self.differences += 1;
        if self.differences <= TOLD_MAX {
            println!("{text}");
        }
    }

    fn end(self) -> Outcome<u64> {
        let Self { pdus, differences, tolerated } = self;
        require(differences == 0, || format!("tshark and we differ in {differences} fields"))?;
        // So rare that more of them would be something else.
        require(tolerated * 1_000 <= pdus, || format!("tshark calls {tolerated} of {pdus} PDUs malformed"))?;
        if tolerated > 0 {
            println!("tshark called {tolerated} data_sm malformed after it had read every field as meant");
        }
        Ok(pdus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &[&str])]) -> Fields {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        pairs.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect()
    }

    #[test]
    fn a_line_is_read_column_by_column() {
        let names = ["smpp.command_id".to_owned(), "smpp.password".to_owned(), "smpp.message".to_owned()];
        let line = format!("7\t\t0x00000004{SEPARATOR}0x00000103\t\tab12");
        let (frame, told, malformed) = read_line(&line, &names).expect("a line");
        assert_eq!((frame, malformed), (7, ""));
        assert_eq!(told, fields(&[("smpp.command_id", &["4", "259"]), ("smpp.message", &["ab12"])]));
    }

    #[test]
    fn a_value_that_differs_is_missing_or_is_too_much_is_found() {
        let wanted = fields(&[("smpp.command_length", &["16", "16"])]);
        for told in [
            fields(&[("smpp.command_length", &["16", "17"])]),
            fields(&[("smpp.command_length", &["16"])]),
            fields(&[("smpp.command_length", &["16", "16"]), ("smpp.message", &["00"])]),
            fields(&[]),
        ] {
            let mut verdict = Verdict::default();
            verdict.frame(1, &told, &wanted, "");
            assert!(verdict.end().is_err(), "{told:?}");
        }
        let mut verdict = Verdict::default();
        verdict.frame(1, &wanted, &wanted, "");
        assert_eq!(verdict.end(), Ok(2));
    }

    #[test]
    fn malformed_is_a_difference() {
        let mut verdict = Verdict::default();
        verdict.frame(1, &fields(&[]), &fields(&[]), MALFORMED_DATA_SM);
        assert!(verdict.end().is_err());
    }
}
