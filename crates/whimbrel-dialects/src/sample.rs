//! Events to try a receiver with: what a webhook tells is made up, everything else is as it would be.
//!
//! The numbers are of ranges that are kept for fiction, and no message has the ids: a receiver that looks one up finds nothing.

use whimbrel_core::{
    Account, Cause, Final, ForHook, InboundAlphabet, InboundContent, InboundId, InboundPart, InboundTold, MessageId,
    MessageText, Money, Notice, NoticeForm, NoticeId, PartId, PhoneNumber, ReceiptStatus, ReceiptTold, SenderId,
    Serial, Timestamp, Told,
};

/// Units of 10^-8 that a sample costs.
const PRICE: i64 = 3_330_000;

/// An event by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its name, such as `dlr.delivered`; unique within a dialect.
    pub name: &'static str,
    form: NoticeForm,
    what: What,
    /// A number of a range for fiction, and its network.
    handset: (&'static str, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Receipt(Final),
    Inbound,
}

impl Sample {
    /// What became of a message.
    #[must_use]
    pub const fn receipt(name: &'static str, form: NoticeForm, status: ReceiptStatus, cause: Cause) -> Self {
        Self { name, form, what: What::Receipt(Final { status, cause }), handset: ("447700900000", "23410") }
    }

    /// A text that came in.
    #[must_use]
    pub const fn inbound(name: &'static str, form: NoticeForm) -> Self {
        Self { name, form, what: What::Inbound, handset: ("447700900000", "23410") }
    }

    /// The same of another handset: its number without a plus, and its network.
    #[must_use]
    pub const fn of(self, handset: (&'static str, &'static str)) -> Self {
        Self { handset, ..self }
    }

    /// The notice that would tell it to `account`, whose dialect that is. `id` is of nothing else.
    #[must_use]
    pub fn notice(&self, account: &Account, dialect: &str, id: i64, now: Timestamp) -> Notice {
        let (number, network) = self.handset;
        let told = match self.what {
            What::Receipt(report) => Told::Receipt(ReceiptTold {
                part_id: PartId(id),
                message_id: MessageId(id),
                serial: Some(Serial(Serial::MAX.0 - 1)),
                part_count: 1,
                // Both are constants that can be read: a test goes through all of them.
                recipient: PhoneNumber::parse(number).unwrap_or_else(|_| unreachable!("a sample's number is one")),
                sender: SenderId::parse("Whimbrel").unwrap_or_else(|| unreachable!("a sample's sender is one")),
                network: network.into(),
                price: Money::new(PRICE, account.currency),
                client_ref: None,
                report,
            }),
            What::Inbound => Told::Inbound(InboundTold {
                id: InboundId(id),
                part: InboundPart {
                    sender: SenderId::parse(number).unwrap_or_else(|| unreachable!("a sample's number is a sender")),
                    number: "447700900901".into(),
                    header: Box::default(),
                    concat: None,
                    content: InboundContent::Text {
                        text: MessageText::new("A sample of a text that comes in"),
                        alphabet: InboundAlphabet::Gsm7,
                    },
                },
                part_count: 1,
            }),
        };
        Notice {
            id: NoticeId(id),
            account_id: account.id,
            dialect: dialect.into(),
            url: None,
            form: self.form,
            application: None,
            hook: ForHook::No,
            told,
            happened_at: now,
            failures: 0,
            first_at: now,
            due_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::registry::DIALECTS;
    use crate::{Moment, WebhookTarget};
    use whimbrel_core::{Secret, Timestamp, WebhookSigning};

    #[test]
    fn every_sample_of_every_dialect_can_be_sent_and_signed_again() {
        let mut account = crate::nexo::tests::account();
        account.signing.webhooks = WebhookSigning::Signed;
        let secret = Secret::new("devSignatureSecret01abcdefghijkl");
        let target = WebhookTarget {
            url: "https://example.com/x?a=1",
            account: &account,
            hook: None,
            signature_secret: &secret,
        };
        let (now, later) = (Timestamp(1_700_000_000_000_000), Timestamp(1_700_000_100_000_000));
        for dialect in DIALECTS {
            let mut names = HashSet::new();
            for sample in dialect.samples() {
                assert!(names.insert(sample.name), "{}", sample.name);
                let notice = sample.notice(&account, dialect.descriptor().id, 1 << 50, now);
                let at = |now| Moment { now, chance: 7 };
                let first = dialect.webhook(&notice, target, at(now)).expect("it is signed");
                let again = dialect.sign_again(&notice, first.clone(), target, at(now)).expect("it is signed");
                let sorted = |mut request: crate::http::WebhookRequest| {
                    request.headers.sort();
                    request
                };
                assert!(sorted(again) == sorted(first.clone()), "{}: unchanged, it is signed alike", sample.name);
                let later = dialect.sign_again(&notice, first.clone(), target, at(later)).expect("it is signed");
                let is_timed = dialect.descriptor().secret_keys.is_none_or(|form| form.live_prefix.is_empty());
                assert_eq!(sorted(later) != sorted(first), is_timed, "{}: a time stamp is of the try", sample.name);
            }
        }
    }
}
