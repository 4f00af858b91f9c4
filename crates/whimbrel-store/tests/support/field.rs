//! Receipts as carriers send them: ids in every form that the field knows, shuffled, doubled, early, for nobody, and with
//! another recipient. Every one must find exactly its part, or be kept with the right reason.

use std::collections::{BTreeMap, HashMap};

use whimbrel_core::{
    CarrierMessageId, CarrierReceipt, Cause, KeyForm, NoticeId, PartId, PhoneNumber, ReceiptKey, ReceiptStatus,
};
use whimbrel_store::{Accept, Claim, Op, OpResult, OrphanReason, ReceiptIn, ReceiptOutcome, Store};

use super::{CARRIER, NOW, PRICE, a_plan, sent, store_with};

/// An id of `NOW`, in the layout of `whimbrel_core::id`: what is older than some days is forgotten.
const PARTS_FROM: i64 = (NOW.0 / 1_000 - 1_735_689_600_000) << 19;
/// Ids of operations lie above those of parts.
const OPERATIONS_FROM: i64 = PARTS_FROM + (1 << 40);
/// No part is sent to it.
const STRANGER: &str = "15551234567";

/// How the id in the answer and the id in the receipt differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    AsIs,
    OtherCase,
    ZerosAdded,
    ZerosRemoved,
    HexToDecimal,
    DecimalToHex,
    BigHexToDecimal,
    BigDecimalToHex,
    DecimalToPaddedHex,
    Uuid,
    ManyDigits,
    /// Small numbers as they stand, which are other parts' ids in hexadecimal.
    Small,
    /// Small numbers in hexadecimal, reported in decimal: other parts' ids as they stand.
    SmallHex,
}

const FORMS: [Form; 13] = [
    Form::AsIs,
    Form::OtherCase,
    Form::ZerosAdded,
    Form::ZerosRemoved,
    Form::HexToDecimal,
    Form::DecimalToHex,
    Form::BigHexToDecimal,
    Form::BigDecimalToHex,
    Form::DecimalToPaddedHex,
    Form::Uuid,
    Form::ManyDigits,
    Form::Small,
    Form::SmallHex,
];

/// SplitMix64: a fixed seed gives a fixed field.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }
}

/// The id of part `index` in the answer and in the receipt.
fn ids(form: Form, index: u64, chance: &mut Chance) -> (String, String) {
    // Random above, unique below.
    let unique = (chance.next() & 0x3fff_ff00_0000_0000) | 0x4000_0000_0000_0000 | index;
    let big = unique | 1 << 63;
    let small = index / FORMS.len() as u64 + 1;
    match form {
        Form::AsIs => (format!("{unique:X}"), format!("{unique:X}")),
        Form::OtherCase if index.is_multiple_of(2) => (format!("{unique:X}"), format!("{unique:x}")),
        Form::OtherCase => (format!("msg-{unique:x}"), format!("MSG-{unique:X}")),
        Form::ZerosAdded => (format!("{unique}"), format!("{unique:022}")),
        Form::ZerosRemoved => (format!("{unique:026}"), format!("{unique}")),
        Form::HexToDecimal => (format!("{unique:x}"), format!("{unique}")),
        Form::DecimalToHex => (format!("{unique}"), format!("{unique:X}")),
        Form::BigHexToDecimal => (format!("{big:X}"), format!("{big}")),
        Form::BigDecimalToHex => (format!("{big}"), format!("{big:x}")),
        Form::DecimalToPaddedHex => {
            (format!("{}", unique & 0xff_ffff_ffff), format!("{:016X}", unique & 0xff_ffff_ffff))
        }
        Form::Uuid => {
            let uuid = format!("{:08x}-{:04x}-4{:03x}-a000-{index:012x}", unique >> 32, big >> 48, unique >> 52);
            (uuid.clone(), uuid.to_uppercase())
        }
        Form::ManyDigits => (format!("2611{unique}{index:07}"), format!("2611{unique}{index:07}")),
        Form::Small => (format!("{small}"), format!("{small}")),
        Form::SmallHex => (format!("{small:x}"), format!("{small}")),
    }
}

/// An id up to case and leading zeros.
fn key(raw: &str) -> String {
    let text = raw.to_ascii_lowercase();
    match text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        true => text.trim_start_matches('0').to_owned(),
        false => text,
    }
}

/// The keys of a receipt, in the order of trust.
fn keys(raw: &str) -> Vec<ReceiptKey> {
    let form = |form, key: String| ReceiptKey { key: key.into_bytes().into(), form };
    let mut all = vec![form(KeyForm::Plain, key(raw))];
    if let Ok(number) = raw.parse::<u128>() {
        all.push(form(KeyForm::ToHexadecimal, format!("{number:x}")));
    }
    if let Ok(number) = u128::from_str_radix(raw, 16) {
        all.push(form(KeyForm::ToDecimal, number.to_string()));
    }
    all
}

fn recipient(part: usize) -> String {
    format!("4477{:08}", part)
}

/// What must become of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Part(usize),
    Orphan(OrphanReason),
}

struct Event {
    /// Events are committed in this order.
    order: u64,
    what: What,
}

enum What {
    Answer { part: usize, raw: String },
    Receipt { receipt: CarrierReceipt, wanted: Wanted },
}

/// What became of all receipts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Parts that were sent.
    pub parts: usize,
    /// Receipts, doubled ones as two.
    pub receipts: usize,
    /// Receipts that found their part at once.
    pub matched: usize,
    /// Receipts for a part that had ended by the same report.
    pub repeated: usize,
    /// Receipts that came before the answer and were settled with it.
    pub early: usize,
    /// Orphans by reason, without repetitions.
    pub orphans: BTreeMap<&'static str, usize>,
    /// Repetitions of an orphan or of one that waits.
    pub known: usize,
    /// Matched to another part than their own, or not as they should be.
    pub wrong: Vec<String>,
}

struct Plans {
    events: Vec<Event>,
    chance: Chance,
}

impl Plans {
    fn receipt(&mut self, raw: &str, to: String, part: usize, order: u64, wanted: Wanted) {
        let status = if part.is_multiple_of(3) { ReceiptStatus::Failed } else { ReceiptStatus::Delivered };
        let keys = if raw.is_empty() { Vec::new() } else { keys(raw) };
        let cause = if status == ReceiptStatus::Delivered { Cause::None } else { Cause::General };
        let recipient = to.into_boxed_str();
        let code = format!("c{part}").into();
        let receipt = CarrierReceipt { keys, raw_id: raw.into(), status, cause, code, recipient, network: None };
        if self.chance.one_in(10) {
            let order = order.saturating_add(self.chance.next() >> 2);
            self.events.push(Event { order, what: What::Receipt { receipt: receipt.clone(), wanted } });
        }
        self.events.push(Event { order, what: What::Receipt { receipt, wanted } });
    }

    /// An answer, its receipt, and now and then a receipt that is nobody's.
    fn part(&mut self, part: usize) {
        let form = FORMS[part % FORMS.len()];
        let (answer, reported) = ids(form, part as u64, &mut self.chance);
        let small = matches!(form, Form::Small | Form::SmallHex);
        // The answers with small ids come first: an early receipt would name a part that is there.
        let answered = if small { 0 } else { (1 << 60) + (self.chance.next() >> 4) };
        let early = !small && self.chance.one_in(10);
        let order = if early { answered / 2 } else { answered.max(1) + (self.chance.next() >> 4) };
        let stranger = !small && self.chance.one_in(50);
        let by_another_form = !matches!(form, Form::AsIs | Form::OtherCase | Form::Uuid | Form::ManyDigits);
        let wanted = match stranger && by_another_form {
            true => Wanted::Orphan(OrphanReason::OtherRecipient),
            false => Wanted::Part(part),
        };
        let to = if stranger { STRANGER.to_owned() } else { recipient(part) };
        self.receipt(&reported, to, part, order, wanted);
        self.events.push(Event { order: answered, what: What::Answer { part, raw: answer } });
        let anywhen = self.chance.next() >> 1;
        if self.chance.one_in(40) {
            let unknown = format!("{:x}{:016x}", self.chance.next() | 1 << 63, part);
            self.receipt(&unknown, recipient(part), part, anywhen, Wanted::Orphan(OrphanReason::UnknownId));
        }
        if self.chance.one_in(80) {
            self.receipt("", recipient(part), part, anywhen, Wanted::Orphan(OrphanReason::NoId));
        }
    }
}

const fn part_id(part: usize) -> i64 {
    PARTS_FROM + part as i64
}

/// Sends so many parts, answers them and reports them, all in one order that `seed` decides, and compares what became of it.
pub fn run(count: usize, seed: u64) -> Figures {
    let store = store_with(count as i64 * PRICE);
    let mut plans = Plans { events: Vec::new(), chance: Chance(seed) };
    let accepts: Vec<Op> = (0..count)
        .map(|part| {
            let mut plan = a_plan(part_id(part), "hi");
            plan.recipient = PhoneNumber::from_digits(&recipient(part)).expect("digits");
            Op::Accept(Box::new(Accept { plan: plan.into(), claim: Claim::Now, replay: None }))
        })
        .collect();
    for batch in accepts.chunks(1_000) {
        let results = store.commit(batch).expect("committed");
        assert!(results.iter().all(|result| matches!(result, OpResult::Accepted { repeated: false, .. })));
    }
    (0..count).for_each(|part| plans.part(part));
    plans.events.sort_by_key(|event| event.order);
    settle(&store, count, plans.events)
}

fn settle(store: &dyn Store, count: usize, events: Vec<Event>) -> Figures {
    let mut figures = Figures { parts: count, ..Figures::default() };
    // The part that each receipt must be told for, by the id of its operation.
    let mut waiting: HashMap<i64, usize> = HashMap::new();
    let mut orphans: Vec<(String, String, &str)> = Vec::new();
    let mut ended = vec![false; count];
    for (batch, first) in events.chunks(500).zip((OPERATIONS_FROM..).step_by(500)) {
        let ops: Vec<Op> = batch.iter().zip(first..).map(|(event, id)| op(event, id)).collect();
        let results = store.commit(&ops).expect("committed");
        for ((event, result), id) in batch.iter().zip(results).zip(first..) {
            match (&event.what, result) {
                (What::Answer { part, .. }, OpResult::Part(outcome)) => {
                    for notice in outcome.notices {
                        figures.early += 1;
                        ended[*part] = true;
                        if waiting.remove(&notice.id.0) != Some(*part) {
                            figures.wrong.push(format!("part {part} was told a waiting receipt of another"));
                        }
                    }
                }
                (What::Receipt { receipt, wanted }, OpResult::Receipt(outcome)) => {
                    figures.receipts += 1;
                    match (*outcome, *wanted) {
                        (ReceiptOutcome::Matched { outcome, .. }, Wanted::Part(part)) => match outcome.after {
                            Some(after) if after.part_id == PartId(part_id(part)) && !ended[part] => {
                                figures.matched += 1;
                                ended[part] = true;
                            }
                            None if ended[part] => figures.repeated += 1,
                            after => figures.wrong.push(format!("part {part}: {after:?}")),
                        },
                        (ReceiptOutcome::Parked(reason), wanted) => match wanted {
                            Wanted::Part(part) if !ended[part] => _ = waiting.insert(id, part),
                            Wanted::Part(part) => figures.wrong.push(format!("part {part} parked after its end")),
                            Wanted::Orphan(right) => {
                                // Before the answer comes, nobody can know that the recipient is another.
                                if reason != right && right != OrphanReason::OtherRecipient {
                                    figures.wrong.push(format!("{reason:?} instead of {right:?}"));
                                }
                                let line = (receipt.raw_id.to_string(), receipt.recipient.to_string(), right.as_str());
                                orphans.push(line);
                            }
                        },
                        (ReceiptOutcome::ParkedBefore(_), _) => figures.known += 1,
                        (ReceiptOutcome::Matched { outcome, .. }, Wanted::Orphan(reason)) => {
                            figures
                                .wrong
                                .push(format!("{reason:?} found {:?}", outcome.after.map(|after| after.part_id)));
                        }
                    }
                }
                (_, other) => figures.wrong.push(format!("{other:?}")),
            }
        }
    }
    figures.wrong.extend(waiting.values().map(|part| format!("part {part} never heard its waiting receipt")));
    compare_orphans(store, orphans, &mut figures);
    let open = ended.iter().filter(|ended| !**ended).count() as u64;
    let stats = store.stats().expect("read");
    if stats.submitted != open || stats.submitting != 0 {
        figures.wrong.push(format!("{stats:?}, but {open} parts were not reported"));
    }
    figures
}

fn compare_orphans(store: &dyn Store, mut wanted: Vec<(String, String, &'static str)>, figures: &mut Figures) {
    for (_, _, reason) in &wanted {
        *figures.orphans.entry(reason).or_default() += 1;
    }
    let listed = store.orphans(Some(CARRIER), 1_000_000).expect("read");
    let mut listed: Vec<(String, String, &str)> = listed
        .iter()
        .map(|orphan| (orphan.raw_id.to_string(), orphan.recipient.to_string(), orphan.reason.as_str()))
        .collect();
    wanted.sort_unstable();
    listed.sort_unstable();
    if wanted != listed {
        let only_one = |a: &[(String, String, &'static str)], b: &[(String, String, &str)]| {
            a.iter().find(|line| b.binary_search(line).is_err()).cloned()
        };
        let (missing, extra) = (only_one(&wanted, &listed), listed.iter().find(|line| !wanted.contains(line)));
        figures.wrong.push(format!("orphans differ: missing {missing:?}, extra {extra:?}"));
    }
}

fn op(event: &Event, id: i64) -> Op {
    match &event.what {
        What::Answer { part, raw } => {
            let Op::Part(mut change) = sent(part_id(*part), 1, 1, raw) else { unreachable!("about a part") };
            change.answer.id = Some(CarrierMessageId { raw: raw.as_str().into(), key: key(raw).into_bytes().into() });
            change.notice_id = NoticeId(id);
            Op::Part(change)
        }
        What::Receipt { receipt, .. } => Op::Receipt(Box::new(ReceiptIn {
            carrier: CARRIER,
            receipt: receipt.clone(),
            at: NOW,
            notice_id: NoticeId(id),
            onward: Vec::new(),
        })),
    }
}
