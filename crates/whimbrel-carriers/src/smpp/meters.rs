//! What is counted.

use std::collections::HashMap;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use whimbrel_core::ReceiptStatus;
use whimbrel_smpp::{CommandStatus, command_id as id};

/// The vendors' own statuses (SMPP 3.4 §5.1.3).
const VENDOR_STATUSES: std::ops::RangeInclusive<u32> = 0x400..=0x4FF;

/// The numbers of one connection, looked up once. Those of all connections of a carrier add up.
pub(super) struct Meters {
    name: Box<str>,
    pub(super) sent: Counter,
    pub(super) refused: Counter,
    pub(super) throttled: Counter,
    pub(super) temporary: Counter,
    pub(super) doubt: Counter,
    pub(super) given_back: Counter,
    receipts: [Counter; 7],
    pdus: HashMap<(&'static str, &'static str), Counter>,
    link_up: Gauge,
    is_up: bool,
    window_used: Gauge,
    /// From a submission to its answer, in seconds.
    pub(super) answered_after: Histogram,
    unanswered: usize,
    /// Connections tried after the first.
    pub(super) reconnects: Counter,
    /// Receipts that name no message: nothing can be done with them.
    pub(super) receipts_without_id: Counter,
    /// Texts from handsets.
    pub(super) inbound: Counter,
    /// Requests and answers whose body cannot be read.
    pub(super) undecodable: Counter,
}

impl Meters {
    pub(super) fn new(name: &str) -> Self {
        let carrier = || name.to_owned();
        let submits = |result: &'static str| counter!("whimbrel_carrier_submits_total", "carrier" => carrier(), "result" => result);
        let receipts = |status: &'static str| counter!("whimbrel_carrier_receipts_total", "carrier" => carrier(), "status" => status);
        Self {
            name: name.into(),
            sent: submits("sent"),
            refused: submits("refused"),
            throttled: submits("throttled"),
            temporary: submits("temporary"),
            doubt: submits("doubt"),
            given_back: submits("given_back"),
            receipts: STATUSES.map(|status| receipts(status.as_str())),
            pdus: HashMap::new(),
            link_up: gauge!("whimbrel_carrier_link_up", "carrier" => carrier()),
            is_up: false,
            window_used: gauge!("whimbrel_carrier_window_used", "carrier" => carrier()),
            answered_after: histogram!("whimbrel_submit_duration_seconds", "carrier" => carrier()),
            unanswered: 0,
            reconnects: counter!("whimbrel_carrier_reconnects_total", "carrier" => carrier()),
            receipts_without_id: receipts("without_id"),
            inbound: counter!("whimbrel_carrier_inbound_total", "carrier" => carrier()),
            undecodable: counter!("whimbrel_smpp_undecodable_total", "carrier" => carrier()),
        }
    }

    pub(super) fn receipt(&self, status: ReceiptStatus) -> &Counter {
        &self.receipts[place(status)]
    }

    /// Counts a PDU of the carrier. Names are few: statuses without one of their own share two.
    pub(super) fn pdu(&mut self, command_id: u32, status: CommandStatus) {
        let (command, status) = (command_name(command_id), status_name(status));
        let name = &self.name;
        self.pdus
            .entry((command, status))
            .or_insert_with(|| {
                counter!("whimbrel_smpp_pdus_total", "carrier" => name.to_string(), "command" => command, "status" => status)
            })
            .increment(1);
    }

    pub(super) fn bind_refused(&self, status: CommandStatus) {
        let (name, status) = (self.name.to_string(), status_name(status));
        counter!("whimbrel_carrier_bind_failures_total", "carrier" => name, "status" => status).increment(1);
    }

    /// Notes whether the connection is up.
    pub(super) fn set_up(&mut self, is_up: bool) {
        match (self.is_up, is_up) {
            (false, true) => self.link_up.increment(1.0),
            (true, false) => self.link_up.decrement(1.0),
            (true, true) | (false, false) => {}
        }
        self.is_up = is_up;
    }

    /// Notes how many submissions have no answer.
    pub(super) fn set_unanswered(&mut self, count: usize) {
        let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        match count.cmp(&self.unanswered) {
            std::cmp::Ordering::Greater => self.window_used.increment(float(count - self.unanswered)),
            std::cmp::Ordering::Less => self.window_used.decrement(float(self.unanswered - count)),
            std::cmp::Ordering::Equal => {}
        }
        self.unanswered = count;
    }
}

impl Drop for Meters {
    fn drop(&mut self) {
        self.set_up(false);
        self.set_unanswered(0);
    }
}

const fn command_name(command_id: u32) -> &'static str {
    match command_id {
        id::DELIVER_SM => "deliver_sm",
        id::DATA_SM => "data_sm",
        0x8000_0004 => "submit_sm_resp",
        id::GENERIC_NACK => "generic_nack",
        _ => "other",
    }
}

fn status_name(status: CommandStatus) -> &'static str {
    match status.name() {
        Some(name) => name,
        None if VENDOR_STATUSES.contains(&status.0) => "vendor",
        None => "other",
    }
}

/// In the order of [`place`].
const STATUSES: [ReceiptStatus; 7] = [
    ReceiptStatus::Accepted,
    ReceiptStatus::Buffered,
    ReceiptStatus::Delivered,
    ReceiptStatus::Expired,
    ReceiptStatus::Failed,
    ReceiptStatus::Rejected,
    ReceiptStatus::Unknown,
];

const fn place(status: ReceiptStatus) -> usize {
    match status {
        // No carrier reports the first: it is the answer to a submission.
        ReceiptStatus::Submitted | ReceiptStatus::Accepted => 0,
        ReceiptStatus::Buffered => 1,
        ReceiptStatus::Delivered => 2,
        ReceiptStatus::Expired => 3,
        ReceiptStatus::Failed => 4,
        ReceiptStatus::Rejected => 5,
        ReceiptStatus::Unknown => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_counted_apart() {
        assert!(STATUSES.iter().enumerate().all(|(index, status)| place(*status) == index));
    }

    #[test]
    fn names_are_few_whatever_a_carrier_sends() {
        let names: std::collections::BTreeSet<_> =
            (0..5_000).map(|number| status_name(CommandStatus(number))).collect();
        assert!(names.len() < 64 && names.contains("vendor") && names.contains("other"), "{names:?}");
        assert_eq!(command_name(0x8000_0004), "submit_sm_resp");
    }
}
