//! What an answer to `submit_sm` means (SMPP 3.4 §5.1.3). Pure.
//!
//! Centres differ; the classes are those on which public projects agree. A status that is not listed, a vendor's own
//! included, is a refusal for good: trying again would only earn the same answer.

use whimbrel_core::{CarrierError, CarrierMessageId, Cause, ReceiptStatus, RefusalScope, Span};
use whimbrel_smpp::id::key;
use whimbrel_smpp::{Body, CommandStatus, Pdu};

/// The first pause after the centre said that we are too fast.
const THROTTLED_PAUSE: Span = Span::seconds(1);
/// The first pause after the centre said that its queue is full.
const QUEUE_FULL_PAUSE: Span = Span::seconds(5);

/// Tries after a fault that passes.
const TEMPORARY_RETRIES_MAX: u8 = 3;

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

/// What a status means: the classes that a carrier's own table chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// We are too fast: the whole carrier pauses for a second at first.
    Throttled,
    /// The carrier's queue is full: the whole carrier pauses for 5 seconds at first.
    QueueFull,
    /// A fault that passes: three tries more, on any connection.
    Temporary,
    /// Not taken for no known reason: one try more, then another carrier.
    OnceMore,
    /// Bad sender: never, but another carrier may take it.
    Sender,
    /// The number is in another network than the carrier serves: another carrier may take it.
    WrongNetwork,
    /// Bad destination: no carrier will take it.
    Destination,
    /// The carrier does not want this content.
    Content,
    /// We sent what should not be sent: refused, and reported as our fault.
    Malformed,
    /// It could not be delivered.
    Undeliverable,
    /// Refused for good, for no reason that is told.
    Rejected,
}

/// What one status means at one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRule {
    /// `command_status`: any but 0.
    pub status: u32,
    /// What it means.
    pub class: StatusClass,
}

/// Reads the answer to a submission. `rule`: what the carrier's own table says of its status.
pub(super) fn read(pdu: &Pdu, validity: Validity, rule: Option<StatusClass>) -> Answer {
    match &pdu.body {
        // Some centres nack with status 0; a nack is no acceptance whatever it says.
        Body::GenericNack if pdu.status.is_ok() => {
            Answer::Refused(temporary(pdu.status, TEMPORARY_RETRIES_MAX), Then::Nothing)
        }
        Body::SubmitSmResp(body) if pdu.status.is_ok() => Answer::Sent(message_id(&body.message_id)),
        // Accepted, but the id cannot be read: no receipt will be found by it.
        _ if pdu.status.is_ok() => Answer::Sent(message_id(&[])),
        _ => {
            let (error, then) = refusal(pdu.status, validity, rule);
            Answer::Refused(error, then)
        }
    }
}

/// What an error status means.
pub(super) fn refusal(status: CommandStatus, validity: Validity, rule: Option<StatusClass>) -> (CarrierError, Then) {
    use CommandStatus as S;
    match (rule, status) {
        (Some(class), _) => class.refusal(status),
        (None, S::RINVBNDSTS) => (temporary(status, TEMPORARY_RETRIES_MAX), Then::Rebind),
        (None, S::RINVSCHED | S::RINVEXPIRY) if validity == Validity::Given => {
            // The times are left out from now on, so this does not come twice.
            (temporary(status, TEMPORARY_RETRIES_MAX), Then::OmitValidity)
        }
        (None, _) => usual_class(status).refusal(status),
    }
}

/// The class of a status where the carrier has no rule of its own.
const fn usual_class(status: CommandStatus) -> StatusClass {
    use CommandStatus as S;
    match status {
        S::RTHROTTLED => StatusClass::Throttled,
        S::RMSGQFUL => StatusClass::QueueFull,
        S::RSYSERR | S::RX_T_APPN | S::RUNKNOWNERR => StatusClass::Temporary,
        S::RSUBMITFAIL => StatusClass::OnceMore,
        S::RINVSRCADR | S::RINVSRCTON | S::RINVSRCNPI => StatusClass::Sender,
        S::RINVDSTADR | S::RINVDSTTON | S::RINVDSTNPI => StatusClass::Destination,
        S::RX_P_APPN | S::RX_R_APPN => StatusClass::Content,
        S::RINVMSGLEN | S::RINVESMCLASS | S::RINVCMDLEN => StatusClass::Malformed,
        S::RDELIVERYFAILURE => StatusClass::Undeliverable,
        _ => StatusClass::Rejected,
    }
}

impl StatusClass {
    fn refusal(self, status: CommandStatus) -> (CarrierError, Then) {
        let throttled = |pause| CarrierError::Throttled { pause, code: code(status) };
        let permanent = |cause, told, scope| CarrierError::Permanent { cause, status: told, code: code(status), scope };
        let rejected = |cause| permanent(cause, ReceiptStatus::Rejected, RefusalScope::Everywhere);
        let failed = |cause| permanent(cause, ReceiptStatus::Failed, RefusalScope::Everywhere);
        let error = match self {
            Self::Throttled => throttled(THROTTLED_PAUSE),
            Self::QueueFull => throttled(QUEUE_FULL_PAUSE),
            Self::Temporary => temporary(status, TEMPORARY_RETRIES_MAX),
            Self::OnceMore => temporary(status, 1),
            Self::Sender => permanent(Cause::SenderFilter, ReceiptStatus::Rejected, RefusalScope::ThisCarrier),
            Self::WrongNetwork => permanent(Cause::Ported, ReceiptStatus::Failed, RefusalScope::ThisCarrier),
            Self::Destination => failed(Cause::Unreachable),
            Self::Content => rejected(Cause::Spam),
            Self::Malformed => return (rejected(Cause::IllegalMessage), Then::ReportFault),
            Self::Undeliverable => failed(Cause::General),
            Self::Rejected => rejected(Cause::General),
        };
        (error, Then::Nothing)
    }
}

fn temporary(status: CommandStatus, retries_max: u8) -> CarrierError {
    CarrierError::Temporary { code: code(status), retries_max }
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
        Temporary(u8, Then),
        Sender,
        Rejected(Cause, Then),
        Failed(Cause),
    }
    use Class::{Failed, Rejected, Sender, Temporary, Throttled};

    const CLASSES: &[(u32, Class)] = &[
        (0x58, Throttled(1)),
        (0x14, Throttled(5)),
        (0x08, Temporary(3, Then::Nothing)),
        (0x64, Temporary(3, Then::Nothing)),
        (0x45, Temporary(1, Then::Nothing)),
        (0xFF, Temporary(3, Then::Nothing)),
        (0x04, Temporary(3, Then::Rebind)),
        (0x61, Temporary(3, Then::OmitValidity)),
        (0x62, Temporary(3, Then::OmitValidity)),
        (0x0A, Sender),
        (0x48, Sender),
        (0x49, Sender),
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
            let permanent = |cause: &Cause, status, scope| CarrierError::Permanent {
                cause: *cause,
                status,
                code: code.clone(),
                scope,
            };
            let everywhere = RefusalScope::Everywhere;
            let wanted = match class {
                Throttled(seconds) => {
                    (CarrierError::Throttled { pause: Span::seconds(*seconds), code: code.clone() }, Then::Nothing)
                }
                Temporary(retries, then) => {
                    (CarrierError::Temporary { code: code.clone(), retries_max: *retries }, *then)
                }
                Sender => {
                    let (status, scope) = (ReceiptStatus::Rejected, RefusalScope::ThisCarrier);
                    (permanent(&Cause::SenderFilter, status, scope), Then::Nothing)
                }
                Rejected(cause, then) => (permanent(cause, ReceiptStatus::Rejected, everywhere), *then),
                Failed(cause) => (permanent(cause, ReceiptStatus::Failed, everywhere), Then::Nothing),
            };
            assert_eq!(refusal(status, Validity::Given, None), wanted, "{number:#x}");
        }
    }

    #[test]
    fn a_time_that_was_not_sent_cannot_be_omitted() {
        for status in [CommandStatus::RINVSCHED, CommandStatus::RINVEXPIRY] {
            let (error, then) = refusal(status, Validity::Omitted, None);
            assert!(matches!(error, CarrierError::Permanent { status: ReceiptStatus::Rejected, .. }));
            assert_eq!(then, Then::Nothing);
        }
    }

    #[test]
    fn an_acceptance_is_one_even_without_an_id() {
        let answer =
            |status, body| read(&Pdu { status: CommandStatus(status), sequence: 1, body }, Validity::Omitted, None);
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
    fn a_carriers_own_table_goes_first() {
        // 1375 is told of in farhadi/node-smpp issue 242.
        let refused = |number, class| refusal(CommandStatus(number), Validity::Given, Some(class));
        assert!(matches!(refused(1375, StatusClass::Throttled).0, CarrierError::Throttled { .. }));
        assert!(matches!(refused(0x0B, StatusClass::Temporary).0, CarrierError::Temporary { retries_max: 3, .. }));
        assert_eq!(refused(0x04, StatusClass::Malformed).1, Then::ReportFault);
        let (CarrierError::Permanent { scope, cause, .. }, Then::Nothing) = refused(0x62, StatusClass::Sender) else {
            panic!("a bad sender is no reason to do anything else")
        };
        assert_eq!((scope, cause), (RefusalScope::ThisCarrier, Cause::SenderFilter));
        let moved = refused(0x0B, StatusClass::WrongNetwork).0;
        let CarrierError::Permanent { scope, cause, .. } = moved else { panic!("it will not be taken") };
        assert_eq!((scope, cause), (RefusalScope::ThisCarrier, Cause::Ported));
    }

    #[test]
    fn codes_have_number_and_name() {
        assert_eq!(&*code(CommandStatus::RTHROTTLED), "0x58 ESME_RTHROTTLED");
        assert_eq!(&*code(CommandStatus(0x455)), "0x455");
    }
}
