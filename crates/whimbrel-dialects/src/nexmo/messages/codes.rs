//! What refusals and ends are called on the wire: numbers of the vendor's Messages API errors, titles and details.
//!
//! Follows the error list of the OpenAPI definition 1.4.0 and the table of errors in the vendor's guide, read 2026-11.

use whimbrel_core::part::Final;
use whimbrel_core::{Cause, ReceiptStatus};

/// The body is no JSON object. A number of ours: the vendor's is a word.
pub(super) const INVALID_JSON: u16 = 1;
pub(super) const INVALID_PARAMS: u16 = 1150;
pub(super) const UNSUPPORTED_CHANNEL: u16 = 1400;
pub(super) const INVALID_CHANNEL_PARAMS: u16 = 1410;
pub(super) const INVALID_SENDER: u16 = 1420;
pub(super) const INVALID_RECIPIENT: u16 = 1430;
pub(super) const INVALID_MESSAGE_TYPE: u16 = 1440;
pub(super) const INVALID_CLIENT_REF: u16 = 1450;

/// The word of a status webhook; `None` for what it does not tell.
pub(super) const fn status(status: ReceiptStatus) -> Option<&'static str> {
    match status {
        ReceiptStatus::Submitted | ReceiptStatus::Accepted => Some("submitted"),
        ReceiptStatus::Delivered => Some("delivered"),
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected => Some("rejected"),
        ReceiptStatus::Unknown => Some("undeliverable"),
        ReceiptStatus::Buffered => None,
    }
}

/// Why a message did not arrive: the number of the error and its words.
pub(super) const fn error(end: Final) -> (u16, &'static str) {
    match (end.status, end.cause) {
        (ReceiptStatus::Expired, Cause::None | Cause::Unknown | Cause::General) => (1360, "TTL was activated"),
        (_, Cause::None | Cause::Unknown | Cause::Deleted | Cause::General) => (1330, "Unknown error"),
        (_, Cause::AbsentForNow) => (1180, "Absent subscriber temporary"),
        (_, Cause::AbsentForGood) => (1190, "Absent subscriber permanent"),
        (_, Cause::Barred | Cause::BlockedByCarrier) => (1280, "Number blocked by carrier"),
        (_, Cause::Ported) => (1200, "Portability error"),
        (_, Cause::Spam) => (1210, "Anti-spam rejection"),
        (_, Cause::Busy) => (1220, "Handset busy"),
        (_, Cause::NetworkFault) => (1230, "Network error"),
        (_, Cause::IllegalNumber) => (1240, "Illegal number"),
        (_, Cause::IllegalMessage) => (1040, "Invalid message"),
        (_, Cause::Unroutable) => (1250, "Unroutable"),
        (_, Cause::Unreachable) => (1260, "Destination unreachable"),
        (_, Cause::AgeRestricted) => (1270, "Subscriber age restriction"),
        (_, Cause::PrepaidFunds) => (1290, "Prepaid insufficient funds"),
        (_, Cause::SenderFilter) => (1120, "Illegal sender address"),
    }
}
