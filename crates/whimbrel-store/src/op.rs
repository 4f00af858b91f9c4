//! What can be changed, and what each change answers.
//!
//! An [`Op`] is complete: its ids and its time are in it, so that a batch can be committed again, replayed or simulated.

use whimbrel_core::{
    AcceptedPart, Account, AccountId, AccountStatus, CarrierId, CarrierMessageId, CarrierReceipt, EndpointKind,
    HttpMethodChoice, MessageClass, Money, Notice, NoticeId, PartEvent, PartId, PartRecord, Plan, Refusal, Secret,
    Submission, Timestamp,
};

use whimbrel_core::part::Ignored;

/// One change.
#[derive(Debug, Clone)]
pub enum Op {
    /// Take a message: the message, its parts, the hold, the stored answer and the first claim or the place in the queue.
    Accept(Box<Accept>),
    /// Something happened to a part.
    Part(PartChange),
    /// A carrier's receipt came.
    Receipt(Box<ReceiptIn>),
    /// A webhook was tried.
    Notice(NoticeTried),
    /// Make an account.
    NewAccount(Box<NewAccount>),
    /// Change an account.
    PatchAccount(Box<AccountPatch>),
    /// Put money into a wallet.
    TopUp(TopUp),
    /// Give a carrier's name its number; the same name always gets the same number.
    NameCarrier {
        /// The name in the configuration.
        name: Box<str>,
    },
}

/// Whether the parts of a message are claimed as they are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// A window slot is reserved for every part: they start in `Submitting`, attempt 1.
    Now,
    /// They start in `Queued`, due at once.
    Later,
}

/// A message to take.
#[derive(Debug, Clone)]
pub struct Accept {
    /// What was decided.
    pub plan: Plan,
    /// Whether its parts leave at once.
    pub claim: Claim,
}

/// Something that happened to a part.
#[derive(Debug, Clone)]
pub struct PartChange {
    /// The part.
    pub part_id: PartId,
    /// What happened.
    pub event: PartEvent,
    /// When.
    pub at: Timestamp,
    /// The id of the notice, if one comes of it.
    pub notice_id: NoticeId,
    /// What the answer of the carrier held, for the attempt's row.
    pub answer: Answer,
}

/// What a carrier's answer to a submission held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The carrier's id for the part, with [`PartEvent::Sent`] only.
    pub id: Option<CarrierMessageId>,
    /// The carrier's code, for people; empty if there is none.
    pub code: Box<str>,
}

/// A receipt to settle.
#[derive(Debug, Clone)]
pub struct ReceiptIn {
    /// Who sent it.
    pub carrier: CarrierId,
    /// What it says.
    pub receipt: CarrierReceipt,
    /// When it came.
    pub at: Timestamp,
    /// The id of the notice, if one comes of it.
    pub notice_id: NoticeId,
}

/// How a try of a webhook went.
#[derive(Debug, Clone)]
pub struct NoticeTried {
    /// The notice.
    pub id: NoticeId,
    /// When.
    pub at: Timestamp,
    /// How.
    pub result: NoticeResult,
    /// For people: the status code or the fault, never a body.
    pub detail: Box<str>,
}

/// How a try of a webhook went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeResult {
    /// The endpoint took it.
    Delivered,
    /// It did not; the next try is due then.
    RetryAt(Timestamp),
    /// It did not, and no further try is made.
    GivenUp,
}

/// An account to make. Its ids and keys were chosen before.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// Secrets that authenticate it: one or two.
    pub secrets: Vec<Secret>,
    /// The secret that signs its requests and webhooks, which must be readable again.
    pub signature_secret: Secret,
    /// When.
    pub at: Timestamp,
}

/// A change of an account. `None` leaves a field as it is.
#[derive(Debug, Clone)]
pub struct AccountPatch {
    /// The account.
    pub id: AccountId,
    /// When.
    pub at: Timestamp,
    /// Where notices of a kind go; an empty URL removes the endpoint.
    pub endpoints: Vec<(EndpointKind, Box<str>)>,
    /// How webhooks carry their parameters.
    pub webhook_method: Option<HttpMethodChoice>,
    /// Whether it may send.
    pub status: Option<AccountStatus>,
    /// The class of its messages.
    pub default_class: Option<MessageClass>,
}

/// Money put into a wallet. The cause makes it unique: the same payment again changes nothing, another amount is refused.
#[derive(Debug, Clone)]
pub struct TopUp {
    /// Whose wallet.
    pub account_id: AccountId,
    /// How much; positive, in the account's currency.
    pub amount: Money,
    /// Names the payment, such as `dev` or a receipt's number.
    pub cause: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// Where an account's money is. `available = posted - held`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wallet {
    /// The sum of its ledger.
    pub posted: Money,
    /// Set aside for parts that are under way.
    pub held: Money,
}

impl Wallet {
    /// What can still be spent.
    #[must_use]
    pub const fn available(&self) -> Money {
        Money::new(self.posted.units.saturating_sub(self.held.units), self.posted.currency)
    }
}

/// What a change answered.
#[derive(Debug, Clone)]
pub enum OpResult {
    /// The message was taken, now or by the same idempotency key before.
    Accepted {
        /// Its parts with what the account has left after each.
        parts: Vec<AcceptedPart>,
        /// Whether it had been taken before: then nothing was stored, and nothing may be submitted.
        repeated: bool,
    },
    /// It was not, and nothing was stored.
    Refused(Refusal),
    /// The part's change.
    Part(Box<PartOutcome>),
    /// The receipt's.
    Receipt(Box<ReceiptOutcome>),
    /// The try was written down.
    NoticeNoted,
    /// The account was made or changed; as it is now.
    Account(Box<Account>),
    /// It was not.
    AccountRefused(AccountRefused),
    /// The wallet after the payment.
    Wallet(Wallet),
    /// The carrier's number.
    Carrier(CarrierId),
    /// The operation broke a constraint of the database and was left out; the text names it for the operator. This is a fault of
    /// ours: nothing of the operation was stored.
    Failed(Box<str>),
}

/// What became of a part's event.
#[derive(Debug, Clone)]
pub struct PartOutcome {
    /// The part after it; `None` if it is not open (it ended, or there never was one).
    pub record: Option<PartRecord>,
    /// Its class, for its place in the queue.
    pub class: MessageClass,
    /// Why nothing changed, if nothing did.
    pub ignored: Option<Ignored>,
    /// What to hand to the carrier: with an event `Claimed` that changed the part.
    pub submission: Option<Box<Submission>>,
    /// What to tell the customer, each due at once, in order.
    pub notices: Vec<Notice>,
}

/// What became of a receipt.
#[derive(Debug, Clone)]
pub enum ReceiptOutcome {
    /// Its part was found.
    Matched(PartOutcome),
    /// It was not: the receipt waits for the answer that it outran.
    Parked,
    /// The same receipt is parked already.
    ParkedBefore,
}

/// Why an account was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRefused {
    /// Another account has that key.
    KeyTaken,
    /// There is none.
    Unknown,
    /// The amount is not positive, in another currency, or too large.
    Amount,
    /// A payment with the same cause and another amount was taken before.
    CauseTaken,
}
