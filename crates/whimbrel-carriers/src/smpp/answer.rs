//! What an answer to `submit_sm` means (SMPP 3.4 §5.1.3). Pure.
//!
//! Centres differ; the classes are those on which public projects agree. A status that is not listed, a vendor's own
//! included, is a refusal for good: trying again would only earn the same answer.

use whimbrel_core::{CarrierError, CarrierMessageId, Cause, ReceiptStatus, Span};
use whimbrel_smpp::id::key;
use whimbrel_smpp::{Body, CommandStatus, Pdu};

/// The first pause after the centre said that we are too fast.
const THROTTLED_PAUSE: Span = Span::seconds(1);
/// The first pause after the centre said that its queue is full.
const QUEUE_FULL_PAUSE: Span = Span::seconds(5);

/// What to do besides telling the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing.
    Nothing,
    /// Bind anew: the two ends do not agree on the state of the session.
    Rebind,
    /// Send no validity period to this carrier any more.
    OmitValidity,
    /// Write it down: we sent what should not be sent.
    ReportFault,
}

/// An answer, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The carrier took the part.
    Sent(CarrierMessageId),
    /// It did not.
    Refused(CarrierError, Then),
}

/// Whether a submission had a validity period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// It had.
    Given,
    /// It had not.
    Omitted,
}

/// Reads the answer to a submission.
pub(super) fn read(pdu: &Pdu, validity: Validity) -> Answer {
    match &pdu.body {
        // Some centres nack with status 0; a nack is no acceptance whatever it says.
        Body::GenericNack if pdu.status.is_ok() => Answer::Refused(temporary(pdu.status), Then::Nothing),
        Body::SubmitSmResp(body) if pdu.status.is_ok() => Answer::Sent(message_id(&body.message_id)),
        // Accepted, but the id cannot be read: no receipt will be found by it.
        _ if pdu.status.is_ok() => Answer::Sent(message_id(&[])),
        _ => {
            let (error, then) = refusal(pdu.status, validity);
            Answer::Refused(error, then)
        }
    }
}

/// The class of an error status.
pub(super) fn refusal(status: CommandStatus, validity: Validity) -> (CarrierError, Then) {
    use CommandStatus as S;
    let throttled = |pause| CarrierError::Throttled { pause, code: code(status) };
    let rejected = |cause| CarrierError::Permanent { cause, status: ReceiptStatus::Rejected, code: code(status) };
    let failed = |cause| CarrierError::Permanent { cause, status: ReceiptStatus::Failed, code: code(status) };
    match status {
        S::RTHROTTLED => (throttled(THROTTLED_PAUSE), Then::Nothing),
        S::RMSGQFUL => (throttled(QUEUE_FULL_PAUSE), Then::Nothing),
        S::RSYSERR | S::RX_T_APPN | S::RSUBMITFAIL | S::RUNKNOWNERR => (temporary(status), Then::Nothing),
        S::RINVBNDSTS => (temporary(status), Then::Rebind),
        S::RINVSCHED | S::RINVEXPIRY if validity == Validity::Given => (temporary(status), Then::OmitValidity),
        S::RINVSRCADR | S::RINVSRCTON | S::RINVSRCNPI => (rejected(Cause::SenderFilter), Then::Nothing),
        S::RINVDSTADR | S::RINVDSTTON | S::RINVDSTNPI => (failed(Cause::Unreachable), Then::Nothing),
        S::RX_P_APPN | S::RX_R_APPN => (rejected(Cause::Spam), Then::Nothing),
        S::RINVMSGLEN | S::RINVESMCLASS | S::RINVCMDLEN => (rejected(Cause::IllegalMessage), Then::ReportFault),
        S::RDELIVERYFAILURE => (failed(Cause::General), Then::Nothing),
        _ => (rejected(Cause::General), Then::Nothing),
    }
}

fn temporary(status: CommandStatus) -> CarrierError {
    CarrierError::Temporary { code: code(status) }
}

/// The carrier's id, and the key by which receipts will be looked up.
fn message_id(raw: &[u8]) -> CarrierMessageId {
    CarrierMessageId { raw: String::from_utf8_lossy(raw).into(), key: key(raw) }
}

/// A status for people: `0x58 ESME_RTHROTTLED`.
pub(super) fn code(status: CommandStatus) -> Box<str> {
    match status.name() {
        Some(name) => format!("{:#04x} {name}", status.0).into(),
        None => format!("{:#04x}", status.0).into(),
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_smpp::MessageIdBody;

    use super::*;

    enum Class {
        Throttled(i64),
        Temporary(Then),
        Rejected(Cause, Then),
        Failed(Cause),
    }
    use Class::{Failed, Rejected, Temporary, Throttled};

    const CLASSES: &[(u32, Class)] = &[
        (0x58, Throttled(1)),
        (0x14, Throttled(5)),
        (0x08, Temporary(Then::Nothing)),
        (0x64, Temporary(Then::Nothing)),
        (0x45, Temporary(Then::Nothing)),
        (0xFF, Temporary(Then::Nothing)),
        (0x04, Temporary(Then::Rebind)),
        (0x61, Temporary(Then::OmitValidity)),
        (0x62, Temporary(Then::OmitValidity)),
        (0x0A, Rejected(Cause::SenderFilter, Then::Nothing)),
        (0x48, Rejected(Cause::SenderFilter, Then::Nothing)),
        (0x49, Rejected(Cause::SenderFilter, Then::Nothing)),
        (0x0B, Failed(Cause::Unreachable)),
        (0x50, Failed(Cause::Unreachable)),
        (0x51, Failed(Cause::Unreachable)),
        (0x65, Rejected(Cause::Spam, Then::Nothing)),
        (0x66, Rejected(Cause::Spam, Then::Nothing)),
        (0x01, Rejected(Cause::IllegalMessage, Then::ReportFault)),
        (0x02, Rejected(Cause::IllegalMessage, Then::ReportFault)),
        (0x43, Rejected(Cause::IllegalMessage, Then::ReportFault)),
        (0xFE, Failed(Cause::General)),
        (0x03, Rejected(Cause::General, Then::Nothing)),
        (0xC0, Rejected(Cause::General, Then::Nothing)),
        (0xC4, Rejected(Cause::General, Then::Nothing)),
        (0x400, Rejected(Cause::General, Then::Nothing)),
        (1375, Rejected(Cause::General, Then::Nothing)),
        (u32::MAX, Rejected(Cause::General, Then::Nothing)),
    ];

    #[test]
    fn each_status_has_its_class() {
        for (number, class) in CLASSES {
            let status = CommandStatus(*number);
            let code = code(status);
            let permanent =
                |cause: &Cause, status| CarrierError::Permanent { cause: *cause, status, code: code.clone() };
            let wanted = match class {
                Throttled(seconds) => {
                    (CarrierError::Throttled { pause: Span::seconds(*seconds), code: code.clone() }, Then::Nothing)
                }
                Temporary(then) => (CarrierError::Temporary { code: code.clone() }, *then),
                Rejected(cause, then) => (permanent(cause, ReceiptStatus::Rejected), *then),
                Failed(cause) => (permanent(cause, ReceiptStatus::Failed), Then::Nothing),
            };
            assert_eq!(refusal(status, Validity::Given), wanted, "{number:#x}");
        }
    }

    #[test]
    fn a_time_that_was_not_sent_cannot_be_omitted() {
        for status in [CommandStatus::RINVSCHED, CommandStatus::RINVEXPIRY] {
            let (error, then) = refusal(status, Validity::Omitted);
            assert!(matches!(error, CarrierError::Permanent { status: ReceiptStatus::Rejected, .. }));
            assert_eq!(then, Then::Nothing);
        }
    }

    #[test]
    fn an_acceptance_is_one_even_without_an_id() {
        let answer = |status, body| read(&Pdu { status: CommandStatus(status), sequence: 1, body }, Validity::Omitted);
        let raw_and_key = |answer| match answer {
            Answer::Sent(id) => Some((id.raw.into_string(), id.key.into_vec())),
            Answer::Refused(..) => None,
        };
        let resp = |id: &[u8]| Body::SubmitSmResp(MessageIdBody::new(id));
        assert_eq!(raw_and_key(answer(0, resp(b"00A1b"))), Some(("00A1b".into(), b"a1b".to_vec())));
        assert_eq!(raw_and_key(answer(0, resp(b""))), Some((String::new(), Vec::new())));
        assert_eq!(raw_and_key(answer(0, resp(b"\xFF"))), Some(("\u{FFFD}".into(), b"\xFF".to_vec())));
        let raw = Body::Other { command_id: 0x8000_0004, raw: vec![1] };
        assert_eq!(raw_and_key(answer(0, raw)), Some((String::new(), Vec::new())));
        assert_eq!(raw_and_key(answer(0, Body::GenericNack)), None);
        assert_eq!(raw_and_key(answer(3, Body::GenericNack)), None);
        assert_eq!(raw_and_key(answer(0x58, resp(b"77"))), None);
    }

    #[test]
    fn codes_have_number_and_name() {
        assert_eq!(&*code(CommandStatus::RTHROTTLED), "0x58 ESME_RTHROTTLED");
        assert_eq!(&*code(CommandStatus(0x455)), "0x455");
    }
}
