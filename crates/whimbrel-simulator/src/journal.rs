//! The journal: one JSON object a line for all that clients ask and all that they are told.
//!
//! It promises that a record is with the operating system before the answer it speaks of is sent: a simulator that is killed
//! has written down every message whose sender was told "accepted". A session collects the records of one wake-up on a
//! [`Page`] and commits it before it writes to its socket. `sync` asks for more: on the disk, to survive a power cut.
//!
//! Events: `bind`, `submit_sm` and `data_sm` (`status` is what it is answered, absent if it never is; `message_id` if it is
//! accepted), `throttled`, `malformed`, `receipt`, `deliver_sm_resp`, `unbind`, and `closed` for sessions that end otherwise.
//! Every record has `at` (RFC 3339), `event`, `session` (the number of the connection) and `system_id`.
//!
//! This is test equipment for numbers that nobody owns. The journal holds whole numbers and texts, for that is what tests
//! compare; they go to that file and nowhere else. It is never rotated.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use whimbrel_core::Timestamp;
use whimbrel_smpp::{CommandStatus, Pdu, ShortMessage};

/// Whether a record must be on the disk, or only with the operating system, before its answer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalSync {
    /// With the operating system: survives the end of the process.
    #[default]
    Handed,
    /// On the disk: survives the end of the machine.
    Disk,
}

/// A journal file, or none.
#[derive(Debug, Default)]
pub struct Journal {
    file: Option<Mutex<Open>>,
    sync: JournalSync,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// The last write failed midway: the next one begins a new line.
    torn: bool,
}

/// The records of one wake-up of one session, not yet in the file.
#[derive(Debug)]
pub struct Page {
    bytes: Vec<u8>,
    written_down: bool,
}

/// One record; what does not apply is left out.
#[derive(Debug, Default, Serialize)]
pub struct Record<'a> {
    at: String,
    event: &'static str,
    session: u64,
    system_id: Cow<'a, str>,
    #[serde(flatten)]
    fields: Fields<'a>,
}

/// The optional fields of a record.
#[derive(Debug, Default, Serialize)]
pub struct Fields<'a> {
    /// The sequence number of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// The status that the request was answered with; absent if it gets no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The id that the message was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The state that a receipt tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Why a session ended, or what was wrong with a PDU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a message says.
    #[serde(flatten)]
    pub message: Option<MessageFields<'a>>,
    /// The whole PDU. One that could be read is shown as it would be written again: the order of its TLVs and surplus octets
    /// may differ from what came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdu_hex: Option<String>,
}

/// The fields of a submit_sm, data_sm or deliver_sm.
#[derive(Debug, Serialize)]
pub struct MessageFields<'a> {
    source: Cow<'a, str>,
    destination: Cow<'a, str>,
    source_ton: u8,
    source_npi: u8,
    dest_ton: u8,
    dest_npi: u8,
    esm_class: u8,
    protocol_id: u8,
    data_coding: u8,
    registered_delivery: u8,
    validity_period: Cow<'a, str>,
    short_message_hex: String,
}

impl<'a> MessageFields<'a> {
    /// The fields of `message`; octets that are no UTF-8 are replaced in text fields.
    #[must_use]
    pub fn new(message: &'a ShortMessage) -> Self {
        Self {
            source: String::from_utf8_lossy(&message.source.digits),
            destination: String::from_utf8_lossy(&message.destination.digits),
            source_ton: message.source.ton,
            source_npi: message.source.npi,
            dest_ton: message.destination.ton,
            dest_npi: message.destination.npi,
            esm_class: message.esm_class,
            protocol_id: message.protocol_id,
            data_coding: message.data_coding,
            registered_delivery: message.registered_delivery,
            validity_period: String::from_utf8_lossy(&message.validity_period),
            short_message_hex: hex(message.user_data()),
        }
    }
}

/// Who a record is about.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The number of the connection, from 1.
    pub number: u64,
    /// The name it bound with; empty before.
    pub system_id: &'a [u8],
}

impl Journal {
    /// A journal that is kept nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Opens a file to append to, readable by its owner only.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(path: &Path, sync: JournalSync) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // A file whose last run was cut off may end in half a line.
        let torn = file.metadata()?.len() > 0 && !ends_in_newline(path)?;
        Ok(Self { file: Some(Mutex::new(Open { file, torn })), sync })
    }

    /// An empty page.
    #[must_use]
    pub fn page(&self) -> Page {
        Page { bytes: Vec::new(), written_down: self.file.is_some() }
    }

    /// Writes a page and empties it.
    ///
    /// # Errors
    /// What the operating system says; then nothing that the page speaks of may be told to anybody.
    pub fn commit(&self, page: &mut Page) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        if page.bytes.is_empty() {
            return Ok(());
        }
        let mut open = file.lock().unwrap_or_else(PoisonError::into_inner);
        let result = open.append(&page.bytes, self.sync);
        page.bytes.clear();
        result
    }
}

fn ends_in_newline(path: &Path) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

impl Open {
    fn append(&mut self, lines: &[u8], sync: JournalSync) -> io::Result<()> {
        let was_torn = std::mem::replace(&mut self.torn, true);
        if was_torn {
            self.file.write_all(b"\n")?;
        }
        self.file.write_all(lines)?;
        if sync == JournalSync::Disk {
            self.file.sync_data()?;
        }
        self.torn = false;
        Ok(())
    }
}

impl Page {
    /// Whether what is noted goes anywhere.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.written_down
    }

    /// Notes one event. `fields` are made only if a journal is kept.
    pub fn note<'a>(&mut self, at: Timestamp, event: &'static str, who: Who<'_>, fields: impl FnOnce() -> Fields<'a>) {
        if !self.written_down {
            return;
        }
        let record = Record {
            at: at.to_string(),
            event,
            session: who.number,
            system_id: String::from_utf8_lossy(who.system_id),
            fields: fields(),
        };
        let length = self.bytes.len();
        match serde_json::to_writer(&mut self.bytes, &record) {
            Ok(()) => self.bytes.push(b'\n'),
            // Cannot happen to a record of texts and numbers; half a record would be worse than none.
            Err(error) => {
                self.bytes.truncate(length);
                tracing::error!(%error, event, "a journal record could not be written: please report this");
            }
        }
    }
}

/// A PDU in hexadecimal; nothing if it cannot be written.
#[must_use]
pub fn pdu_hex(pdu: &Pdu) -> Option<String> {
    let mut bytes = Vec::new();
    pdu.encode(&mut bytes).ok()?;
    Some(hex(&bytes))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// A status by its name, or as a number if it has none.
#[must_use]
pub fn status_text(status: CommandStatus) -> String {
    status.name().map_or_else(|| format!("{:#010x}", status.0), str::to_owned)
}
