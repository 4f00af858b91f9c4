//! The text of short messages: alphabets, parts and user data headers.
//!
//! What it is for: everything that must agree about the length of a message (what the customer is told, what is
//! charged, what goes on the air) asks this crate, so that there is one answer. It promises that [`count`], [`split`]
//! and [`explain()`] never disagree, that no part is larger than a handset takes, that no escape pair and no
//! surrogate pair is broken, and that no input makes it panic.
//!
//! Follows 3GPP TS 23.038 §4 (data coding), §6.1.2 (packing), §6.2.1 (GSM 7-bit default alphabet, extension table and
//! national tables) and 3GPP TS 23.040 §9.2.3.24 (user data header, concatenation with 8-bit and 16-bit references);
//! the values of data coding below 0x10 by SMPP 3.4 §5.2.19.
//!
//! Knows nothing of prices, carriers, HTTP or SMPP, does no I/O, reads no clock and depends on nothing.
//!
//! Septets are *unpacked* everywhere but in [`packed`]: one septet per octet, high bit clear, as SMPP carries them.
//!
//! On the way out: [`transliterate()`] writes the letters that GSM 7-bit has, [`count`] and [`split`] make parts (with
//! [`national`] tables [`count_with`] and [`split_with`]), [`DataCoding::compose`] and [`DefaultAlphabet::write`] put them
//! as a link wants them, and [`explain()`] says why a text counts what it counts. On the way in: [`incoming::read`] makes
//! text of octets, as declared or as meant, and [`reassembly`] makes messages of parts.
//!
//! # Example
//!
//! ```
//! use whimbrel_sms::{ConcatRef, Encoding, EncodingChoice, PartCount, RefWidth, SplitOptions, count, gsm7, split};
//!
//! // 152 letters leave one septet of a part free; the euro sign takes two and moves to the next part whole.
//! let text = format!("{}€{}", "a".repeat(152), "b".repeat(10));
//! let parts = split(
//!     &text,
//!     SplitOptions {
//!         encoding: EncodingChoice::Detect,
//!         reference: ConcatRef::Octet(0x2A),
//!         part_count_max: PartCount::MAX,
//!     },
//! )?;
//!
//! assert_eq!(parts.encoding(), Encoding::Gsm7);
//! let units: Vec<u16> = parts.iter().map(|part| part.units()).collect();
//! assert_eq!(units, [152, 12]);
//! assert_eq!(parts.iter().next().map(|part| part.header()), Some(&[5, 0, 3, 0x2A, 2, 1][..]));
//!
//! let read: String = parts.iter().map(|part| gsm7::decode(part.body())).collect();
//! assert_eq!(read, text);
//!
//! // The number of parts alone, without building them.
//! assert_eq!(count(&text, EncodingChoice::Detect, RefWidth::Bits8).part_count, 2);
//! # Ok::<(), whimbrel_sms::TooLong>(())
//! ```
//!
//! A text that costs more than it looks, and one that comes in:
//!
//! ```
//! use whimbrel_sms::incoming::{self, Content, IncomingRules, Octets, Sniff};
//! use whimbrel_sms::reassembly::{Assembler, AssemblerLimits, Outcome};
//! use whimbrel_sms::{DefaultAlphabet, EncodingChoice, RefWidth, explain};
//!
//! let explained = explain(&"Your code is “1234”. ".repeat(5), EncodingChoice::Detect, RefWidth::Bits8);
//! assert_eq!(explained.first_outside().map(|found| found.code_point()), Some("U+201C".to_owned()));
//! assert_eq!((explained.part_count, explained.transliterated.part_count), (2, 1));
//!
//! let rules = IncomingRules { default_alphabet: DefaultAlphabet::Gsm7, sniff: Sniff::On };
//! let limits = AssemblerLimits { messages_max: 1_000, octets_max: 1_000_000 };
//! let mut assembler = Assembler::new(limits);
//! let mut add = |octets: &[u8]| {
//!     let part = incoming::read(Octets { data_coding: 0x00, has_header: true, octets }, rules);
//!     let concat = part.concat?;
//!     Some(assembler.add("49301234567 to 12345", concat, part, 0))
//! };
//! assert_eq!(add(b"\x05\x00\x03\x2A\x02\x02world").map(|added| added.outcome), Some(Outcome::Waiting));
//! let whole = add(b"\x05\x00\x03\x2A\x02\x01hello ").and_then(|mut added| added.released.pop());
//! assert_eq!(whole.map(|message| message.join().content), Some(Content::Text("hello world".into())));
//! ```

pub mod alphabet;
pub mod data_coding;
pub mod explain;
pub mod gsm7;
pub mod incoming;
pub mod latin1;
pub mod limits;
pub mod national;
pub mod packed;
pub mod probe;
pub mod reassembly;
pub mod ucs2;
pub mod udh;

mod count;
mod encoding;
mod form;
mod part;
mod split;
mod transliterate;

pub use alphabet::DefaultAlphabet;
pub use count::{Count, count, count_with};
pub use data_coding::{Alphabet, ClassForm, DataCoding, HandsetClass};
pub use encoding::{Encoding, EncodingChoice, PartCount};
pub use explain::{Explanation, explain, explain_with};
pub use form::PartForm;
pub use gsm7::NotGsm7;
pub use incoming::{Content, Incoming, IncomingAlphabet, IncomingRules, Octets, Sniff};
pub use national::{Language, NationalTables};
pub use part::{BinaryContent, BinaryRefused, Part, Parts};
pub use reassembly::{Assembler, AssemblerLimits};
pub use split::{SplitOptions, TooLong, split, split_with};
pub use transliterate::{transliterate, transliterate_to_fit};
pub use udh::{Concat, ConcatRef, RefWidth, Udh};
