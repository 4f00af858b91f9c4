//! The text of short messages: alphabets, parts and user data headers.
//!
//! What it is for: everything that must agree about the length of a message (what the customer is told, what is
//! charged, what goes on the air) asks this crate, so that there is one answer. It promises that [`count`] and
//! [`split`] never disagree, that no part is larger than a handset takes, that no escape pair and no surrogate
//! pair is broken, and that no input makes it panic.
//!
//! Follows 3GPP TS 23.038 §6.2.1 (GSM 7-bit default alphabet and its extension table) and 3GPP TS 23.040
//! §9.2.3.24 (user data header, concatenation with 8-bit and 16-bit references).
//!
//! Knows nothing of prices, carriers, HTTP or SMPP, does no I/O, reads no clock and depends on nothing.
//!
//! Septets are *unpacked* everywhere: one septet per octet, high bit clear, as SMPP carries them.
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

pub mod gsm7;
pub mod limits;
pub mod ucs2;
pub mod udh;

mod count;
mod encoding;
mod part;
mod split;

pub use count::{Count, count};
pub use encoding::{Encoding, EncodingChoice, PartCount};
pub use gsm7::NotGsm7;
pub use part::{BinaryContent, BinaryRefused, Part, Parts};
pub use split::{SplitOptions, TooLong, split};
pub use udh::{Concat, ConcatRef, RefWidth, Udh};
