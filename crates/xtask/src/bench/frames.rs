//! SMPP PDUs as bytes: what a sink needs of SMPP 3.4 §3.2, §4.4.1 and §4.6.1, by hand, because it must cost next to nothing.
//!
//! It knows no sessions and no states: see [`smsc`](super::smsc).

/// The bit that makes a command's answer.
pub const RESPONSE: u32 = 0x8000_0000;
/// A text on its way out.
pub const SUBMIT_SM: u32 = 4;
/// A receipt on its way in.
pub const DELIVER_SM: u32 = 5;
/// The end of a session.
pub const UNBIND: u32 = 6;
/// A question whether the link lives.
pub const ENQUIRE_LINK: u32 = 0x15;
/// Receiver, transmitter, transceiver.
pub const BINDS: [u32; 3] = [1, 2, 9];
/// The bind that takes no receipts.
pub const BIND_TRANSMITTER: u32 = 2;
/// Done.
pub const STATUS_OK: u32 = 0;
/// The command is not known.
pub const STATUS_INVALID_COMMAND: u32 = 3;
/// The body cannot be read.
pub const STATUS_SYSTEM_ERROR: u32 = 8;
/// A longer PDU is none.
pub const PDU_BYTES_MAX: usize = 64 * 1024;

const HEADER_BYTES: usize = 16;

/// A PDU in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub command: u32,
    /// Its status.
    pub status: u32,
    /// Its number.
    pub sequence: u32,
    /// What follows the header.
    pub body: &'a [u8],
    /// Bytes in all.
    pub length: usize,
}

/// The first PDU of `bytes`: `Ok(None)` if it is not whole yet, an error if its length cannot be.
pub fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, ()> {
    let Some(header) = bytes.get(..HEADER_BYTES) else { return Ok(None) };
    let length = number(&header[..4]) as usize;
    if !(HEADER_BYTES..=PDU_BYTES_MAX).contains(&length) {
        return Err(());
    }
    let frame = |pdu: &'_ [u8]| (number(&pdu[4..8]), number(&pdu[8..12]), number(&pdu[12..16]));
    Ok(bytes.get(..length).map(|pdu| {
        let (command, status, sequence) = frame(pdu);
        Frame { command, status, sequence, body: &pdu[HEADER_BYTES..], length }
    }))
}

/// Adds a PDU to `out`.
pub fn put(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32, body: &[u8]) {
    // Bodies are ours and short.
    let length = u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX);
    for field in [length, command, status, sequence] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(body);
}

/// What a sink reads of a `submit_sm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission<'a> {
    /// The sender.
    pub from: &'a [u8],
    /// The recipient.
    pub to: &'a [u8],
    /// Whether a receipt of the outcome is asked for.
    pub wants_receipt: bool,
    /// The text's octets.
    pub text: &'a [u8],
}

/// Reads a `submit_sm` body; `None` if it is cut short.
pub fn submission(body: &[u8]) -> Option<Submission<'_>> {
    let mut rest = body;
    c_octets(&mut rest)?; // service_type
    octets(&mut rest, 2)?; // source_addr_ton, source_addr_npi
    let from = c_octets(&mut rest)?;
    octets(&mut rest, 2)?; // dest_addr_ton, dest_addr_npi
    let to = c_octets(&mut rest)?;
    octets(&mut rest, 3)?; // esm_class, protocol_id, priority_flag
    c_octets(&mut rest)?; // schedule_delivery_time
    c_octets(&mut rest)?; // validity_period
    let registered = octets(&mut rest, 1)?[0];
    octets(&mut rest, 3)?; // replace_if_present_flag, data_coding, sm_default_msg_id
    let length = octets(&mut rest, 1)?[0];
    let text = octets(&mut rest, usize::from(length))?;
    Some(Submission { from, to, wants_receipt: registered & 3 == 1, text })
}

/// The body of a `deliver_sm` that says `id` was delivered: as a text and as parameters (SMPP 3.4 appendix B, §5.3.2).
pub fn receipt(submission: &Submission<'_>, id: &str, stamp: &str) -> Vec<u8> {
    let text = format!("id:{id} sub:001 dlvrd:001 submit date:{stamp} done date:{stamp} stat:DELIVRD err:000 text:");
    let mut body = Vec::with_capacity(192);
    body.push(0); // service_type
    body.extend_from_slice(&[1, 1]); // the number that was texted is international, E.164
    body.extend_from_slice(submission.to);
    body.extend_from_slice(&[0, 5, 0]); // and the sender alphanumeric
    body.extend_from_slice(submission.from);
    // esm_class: a receipt; then protocol, priority, two empty times, registered, replace, coding, default message.
    body.extend_from_slice(&[0, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Ids have ten digits: the text has 107 octets, and both lengths fit.
    body.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    body.extend_from_slice(text.as_bytes());
    body.extend_from_slice(&[0x00, 0x1E, 0, u8::try_from(id.len() + 1).unwrap_or(u8::MAX)]); // receipted_message_id
    body.extend_from_slice(id.as_bytes());
    body.extend_from_slice(&[0, 0x04, 0x27, 0, 1, 2]); // message_state: DELIVERED
    body
}

fn octets<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn c_octets<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|octet| *octet == 0)?;
    let taken = octets(rest, end + 1)?;
    Some(&taken[..end])
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A `submit_sm` from "Whimbrel".
    pub fn submit(sequence: u32, to: &str, registered: u8, text: &str) -> Vec<u8> {
        let mut body = b"\0\x05\0Whimbrel\0\x01\x01".to_vec();
        body.extend_from_slice(to.as_bytes());
        body.extend_from_slice(b"\0\0\0\0\0\0");
        body.extend_from_slice(&[registered, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
        body.extend_from_slice(text.as_bytes());
        let mut pdu = Vec::new();
        put(&mut pdu, SUBMIT_SM, 0, sequence, &body);
        pdu
    }

    #[test]
    fn a_submission_is_read_whole_or_not_at_all() {
        let pdu = submit(7, "4477009000000", 1, "hello");
        let frame = first(&pdu).unwrap().unwrap();
        assert_eq!((frame.command, frame.status, frame.sequence, frame.length), (SUBMIT_SM, 0, 7, pdu.len()));
        let whole = Submission { from: b"Whimbrel", to: b"4477009000000", wants_receipt: true, text: b"hello" };
        assert_eq!(submission(frame.body), Some(whole));
        for end in 0..frame.body.len() {
            assert_eq!(submission(&frame.body[..end]), None, "{end}");
        }
        for end in 0..pdu.len() {
            assert_eq!(first(&pdu[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn only_one_of_the_four_settings_asks_for_the_outcome() {
        for (registered, wants) in [(0, false), (1, true), (2, false), (3, false), (0x11, true), (0x10, false)] {
            let pdu = submit(1, "44", registered, "");
            assert_eq!(submission(&pdu[16..]).unwrap().wants_receipt, wants, "{registered}");
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for length in [0, 15, 65_537, u32::MAX] {
            let mut pdu = length.to_be_bytes().to_vec();
            pdu.extend_from_slice(&[0; 12]);
            assert_eq!(first(&pdu), Err(()), "{length}");
        }
    }

    #[test]
    fn a_receipt_has_its_fields_where_smpp_has_them() {
        let asked = Submission { from: b"Whimbrel", to: b"4477009000000", wants_receipt: true, text: b"hello" };
        let body = receipt(&asked, "0000000042", "2601312359");
        // A deliver_sm has the layout of a submit_sm: the same reader finds the addresses turned round.
        let read = submission(&body).unwrap();
        assert_eq!((read.from, read.to), (&b"4477009000000"[..], &b"Whimbrel"[..]));
        let text =
            "id:0000000042 sub:001 dlvrd:001 submit date:2601312359 done date:2601312359 stat:DELIVRD err:000 text:";
        assert_eq!(read.text, text.as_bytes());
        assert!(body.ends_with(b"\x00\x1e\x00\x0b0000000042\0\x04\x27\0\x01\x02"));
    }
}
