//! Random lives of messages, as operations: for what the writer remembers and must not differ by it.

use proptest::prelude::*;
use whimbrel_core::{
    Alphabet, AttemptNumber, Binary, CaptureOn, CarrierError, CarrierId, CarrierMessageId, Cause, Content, DoubtPolicy,
    MessageId, MessageOctets, MessageText, Money, NoticeForm, NoticeId, NoticeScope, PartEvent, PartId, Plan,
    ReceiptStatus, ReceiptWish, RefusalScope, SenderId, Serial, Span, Telling,
};
use whimbrel_sms::ConcatRef;
use whimbrel_store::{Answer, Cancel, Claim, Forget, NoticeResult, NoticeTried, Op, Prune};

use super::*;

const MESSAGES: i64 = 5;
/// A message that waits all the time.
pub const BLOCKED: i64 = 900_000;

/// One thing that happens, to a part of a message.
#[derive(Debug, Clone)]
pub struct Step {
    message: i64,
    part: i64,
    seconds: i64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Accept {
        now: bool,
        shape: u8,
    },
    /// A message whose part another has: the batch is undone, and done again without it.
    AcceptTwice,
    Claim {
        attempt: u16,
    },
    HandOn {
        attempt: u16,
    },
    Sent {
        attempt: u16,
        named: bool,
    },
    LateAnswer {
        attempt: u16,
    },
    Refused {
        attempt: u16,
        temporary: bool,
    },
    GivenBack {
        attempt: u16,
    },
    Doubt {
        attempt: u16,
        resend: bool,
    },
    Receipt {
        status: u8,
    },
    Clock,
    Told {
        result: u8,
        back: usize,
    },
    Cancel,
    Forget,
    Prune,
}

pub fn a_step() -> impl Strategy<Value = Step> {
    let attempt = || 1u16..3;
    let what = prop_oneof![
        6 => (any::<bool>(), 0u8..8).prop_map(|(now, shape)| What::Accept { now, shape }),
        1 => Just(What::AcceptTwice),
        4 => attempt().prop_map(|attempt| What::Claim { attempt }),
        1 => attempt().prop_map(|attempt| What::HandOn { attempt }),
        6 => (attempt(), any::<bool>()).prop_map(|(attempt, named)| What::Sent { attempt, named }),
        1 => attempt().prop_map(|attempt| What::LateAnswer { attempt }),
        1 => (attempt(), any::<bool>()).prop_map(|(attempt, temporary)| What::Refused { attempt, temporary }),
        1 => attempt().prop_map(|attempt| What::GivenBack { attempt }),
        2 => (attempt(), any::<bool>()).prop_map(|(attempt, resend)| What::Doubt { attempt, resend }),
        6 => (0u8..5).prop_map(|status| What::Receipt { status }),
        1 => Just(What::Clock),
        6 => (0u8..3, 0usize..3).prop_map(|(result, back)| What::Told { result, back }),
        1 => Just(What::Cancel),
        1 => Just(What::Forget),
        1 => Just(What::Prune),
    ];
    // Mostly early, now and then after everything has expired.
    let seconds = prop_oneof![9 => 0i64..600, 1 => Just(80 * 3_600)];
    (1..=MESSAGES, 0i64..2, seconds, what).prop_map(|(message, part, seconds, what)| Step {
        message,
        part,
        seconds,
        what,
    })
}

/// Messages that differ in what their rows hold.
pub fn plan_of(id: i64, shape: u8) -> Plan {
    let long = "a long text that needs two parts, since it goes on and on ".repeat(4);
    let plan = match shape {
        0 => a_plan(id, "short"),
        1 => Plan { telling: telling(NoticeScope::Message), ..a_plan(id, &long) },
        2 => Plan { receipt: ReceiptWish::Unwanted, ..a_plan(id, "nobody asks") },
        3 => Plan {
            callback: Some("http://127.0.0.1/own".into()),
            telling: telling(NoticeScope::End),
            ..a_plan(id, &long)
        },
        4 => Plan {
            price: Money::new(0, whimbrel_core::Currency::EUR),
            sender: SenderId::ShortCode("80123".into()),
            serial: Some(Serial(id.unsigned_abs())),
            ..a_plan(id, "for nothing")
        },
        5 => Plan {
            capture_on: CaptureOn::Delivery,
            ..a_plan_of(id, coded("your code is {code}", "123456"), ConcatRef::Word(7))
        },
        6 => {
            let (header, body) = (MessageOctets::new([6, 5, 4, 11, 132, 35, 240]), MessageOctets::new([1, 2, 3]));
            a_plan_of(id, Content::Binary(Binary { header, body, protocol_id: 5 }), ConcatRef::Octet(9))
        }
        // Too long to be remembered.
        _ => a_plan(id, &long.repeat(6)),
    };
    keyed(plan, &format!("key {id}"), 1)
}

fn coded(template: &str, code: &str) -> Content {
    let text = MessageText::with_code(template, code).expect("a place for it");
    Content::Text { text, alphabet: Alphabet::Gsm7Lossy }
}

/// A message whose part another has.
pub fn taken() -> Op {
    let mut plan = a_plan(BLOCKED + 1, "taken");
    plan.parts[0].part_id = PartId(BLOCKED);
    accept(plan, Claim::Later)
}

fn telling(scope: NoticeScope) -> Telling {
    Telling { scope, form: NoticeForm(2), ..Telling::default() }
}

/// What a step comes to as the `number`th; `receipts`: the numbers of the receipts before it.
fn op_of(step: &Step, number: i64, receipts: &[i64]) -> Op {
    let Step { message, part, seconds, what } = step;
    let (id, seconds) = (message * 1_000, *seconds);
    let part_id = id + part;
    let at = NOW + Span::seconds(seconds);
    let event = |what: PartEvent, answer: Answer| match change(part_id, seconds, what, answer) {
        Op::Part(change) => Op::Part(whimbrel_store::PartChange { notice_id: NoticeId(9_000_000 + number), ..change }),
        other => other,
    };
    let named = |attempt: u16, id: &str| {
        let id = CarrierMessageId { raw: id.into(), key: id.to_ascii_lowercase().into_bytes().into() };
        event(PartEvent::Sent { attempt: AttemptNumber(attempt) }, Answer { id: Some(id), code: "0".into() })
    };
    // The carrier takes the parts of every third message as one.
    let carrier_id = if message % 3 == 0 { format!("ID{id}") } else { format!("ID{part_id}") };
    match *what {
        What::Accept { now, shape } => accept(plan_of(id, shape), if now { Claim::Now } else { Claim::Later }),
        What::AcceptTwice => taken(),
        What::Claim { attempt } => event(PartEvent::Claimed { attempt: AttemptNumber(attempt) }, Answer::default()),
        What::HandOn { attempt } => {
            event(PartEvent::HandedOn { attempt: AttemptNumber(attempt), next: CarrierId(2) }, Answer::default())
        }
        What::Sent { attempt, named: true } => named(attempt, &carrier_id),
        What::Sent { attempt, named: false } => {
            event(PartEvent::Sent { attempt: AttemptNumber(attempt) }, Answer::default())
        }
        What::LateAnswer { attempt } => named(attempt, &format!("LATE{part_id}")),
        What::Refused { attempt, temporary } => {
            let code = "88".into();
            let error = match temporary {
                true => CarrierError::Temporary { code, retries_max: 3 },
                false => CarrierError::Permanent {
                    cause: Cause::General,
                    status: ReceiptStatus::Failed,
                    code,
                    scope: RefusalScope::Everywhere,
                },
            };
            event(
                PartEvent::Refused { attempt: AttemptNumber(attempt), error, retry_at: at, next: None },
                Answer::default(),
            )
        }
        What::GivenBack { attempt } => {
            event(PartEvent::GivenBack { attempt: AttemptNumber(attempt) }, Answer::default())
        }
        What::Doubt { attempt, resend } => {
            doubt(part_id, seconds, attempt, if resend { DoubtPolicy::Resend } else { DoubtPolicy::HoldForReceipt })
        }
        What::Receipt { status } => {
            let statuses = [
                ReceiptStatus::Delivered,
                ReceiptStatus::Failed,
                ReceiptStatus::Buffered,
                ReceiptStatus::Accepted,
                ReceiptStatus::Unknown,
            ];
            receipt(report(&carrier_id, statuses[usize::from(status)]), number)
        }
        What::Clock => event(PartEvent::Clock, Answer::default()),
        What::Told { result, back } => {
            // The notice of one of the last receipts, if one came of it.
            let told = receipts.iter().rev().nth(back).copied().unwrap_or_default();
            let result = match result {
                0 => NoticeResult::Delivered,
                1 => NoticeResult::RetryAt(at + Span::seconds(60)),
                _ => NoticeResult::GivenUp,
            };
            Op::Notice(NoticeTried { id: NoticeId(2_000_000_000 + told), at, result, detail: "HTTP 200".into() })
        }
        What::Cancel => {
            Op::Cancel(Cancel { account_id: ACCOUNT, message_id: MessageId(id), id: NoticeId(8_000_000 + number), at })
        }
        What::Forget => Op::Forget(Forget { messages: [MessageId(id)].into(), at }),
        What::Prune => Op::Prune(Prune { at, texts_before: Some(at), messages_before: Some(at), count_max: 10 }),
    }
}

/// What the steps come to.
pub fn ops_of(steps: &[Step]) -> Vec<Op> {
    let mut receipts = Vec::new();
    let op_of = |(step, number): (&Step, i64)| {
        let op = op_of(step, number, &receipts);
        receipts.extend(matches!(op, Op::Receipt(_)).then_some(number));
        op
    };
    steps.iter().zip(1..).map(op_of).collect()
}
