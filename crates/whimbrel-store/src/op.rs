//! What can be changed, and what each change answers.
//!
//! An [`Op`] is complete: its ids and its time are in it, so that a batch can be committed again, replayed or simulated.

mod credentials;
mod people;
mod pool;
mod prune;
mod rejection;
mod reload;
mod subaccount;

use std::sync::Arc;

use whimbrel_core::{
    Accepted, Account, AccountId, AccountRules, AccountStatus, ApplicationId, Bucket, Buckets, CarrierId,
    CarrierMessageId, CarrierReceipt, CountryCode, EndpointKind, HttpMethodChoice, InboundId, InboundPart, KeyForm,
    KeyPolicy, ListKind, Lists, MessageClass, MessageId, Money, Notice, NoticeId, NumberNetwork, OtpSettings,
    PartEvent, PartId, PartRecord, PhoneNumber, Plan, Refusal, ReplayKey, Secret, SecretRefusal, Signing, Submission,
    Timestamp,
};

use whimbrel_core::part::Ignored;

use crate::document::{Document, DocumentChange, DocumentRefused};
use crate::view::Credential;

pub use credentials::{AddSecret, NewSecret, Resealed, Rest, RevokeSecret, RotateSignatureSecret};
pub use people::{Audited, NewOperator, OperatorId, OperatorRole, PeopleDone, PeopleOp, PeopleRefused, TotpChange};
pub use pool::{Deal, Offer, PoolDone, PoolOp};
pub use prune::{Forget, Prune, Pruned};
pub use rejection::Rejection;
pub use reload::{Reload, ReloadDone, ReloadOp};
pub use subaccount::{Refill, SubaccountChange, SubaccountDone, SubaccountOp};

/// One change.
#[derive(Debug, Clone)]
pub enum Op {
    /// Take a message: the message, its parts, the hold, the stored answer and the first claim or the place in the queue.
    Accept(Box<Accept>),
    /// Something happened to a part.
    Part(PartChange),
    /// A carrier's receipt came.
    Receipt(Box<ReceiptIn>),
    /// A text came in.
    Inbound(Box<InboundIn>),
    /// A webhook was tried.
    Notice(NoticeTried),
    /// A webhook of before was sent again.
    Resent(Box<Resent>),
    /// Make a notice for hooks one for each hook that wants it.
    Spread(Box<Spread>),
    /// Do not send a message, if no carrier has had any of it.
    Cancel(Cancel),
    /// Make an account.
    NewAccount(Box<NewAccount>),
    /// Change an account.
    PatchAccount(Box<AccountPatch>),
    /// Give an account one more secret.
    AddSecret(Box<AddSecret>),
    /// Take a secret from an account.
    RevokeSecret(RevokeSecret),
    /// Let an account sign with another secret.
    RotateSignatureSecret(Box<RotateSignatureSecret>),
    /// Forget signature secrets whose overlap is over at that time.
    EndSignatureSecrets {
        /// When.
        at: Timestamp,
    },
    /// Seal secrets by the current key that are sealed by another one, at most so many. When none is left, mark the database
    /// with the current key.
    Reseal {
        /// Secrets at most.
        count_max: usize,
    },
    /// Give up the keys that nothing refers to any more, once the batch is durable. Refused while anything is sealed by another
    /// key than the current one.
    RetireKeys,
    /// Put money into a wallet.
    TopUp(TopUp),
    /// Give a number to an account, or take it away.
    Number(NumberChange),
    /// Change a list.
    List(ListChange),
    /// Change the pool of numbers, or a number that came out of it.
    Pool(PoolOp),
    /// Arrange payments that an account may call up, or call one up.
    Reload(ReloadOp),
    /// Make or change an account below another.
    Subaccount(SubaccountOp),
    /// Keep refused requests.
    Rejections(Vec<Rejection>),
    /// Make, change or remove a document of a dialect.
    Document(Box<DocumentChange>),
    /// Give a carrier's name its number; the same name always gets the same number.
    NameCarrier {
        /// The name in the configuration.
        name: Box<str>,
    },
    /// Use something that may be used once, for a request that takes no message.
    UseOnce(UseOnce),
    /// Note in which network a number is.
    Network(NetworkNews),
    /// Forget some of what is old.
    Prune(Prune),
    /// Forget some messages that somebody wants to see no more.
    Forget(Forget),
    /// Change who looks after the gateway.
    People(PeopleOp),
    /// Keep what somebody did.
    Audit(Audited),
}

/// What a carrier told of the network of a number.
#[derive(Debug, Clone)]
pub enum NetworkNews {
    /// It is in another one than its prefix says.
    Told(NumberNetwork),
    /// It is not in the one that was told before, or in that of its prefix: nothing is known any more.
    Wrong(PhoneNumber),
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
    pub plan: Arc<Plan>,
    /// Whether its parts leave at once.
    pub claim: Claim,
    /// What proves the request and may be used once. A second use is answered as the first, or refused where it is a nonce.
    pub replay: Option<ReplayKey>,
}

/// Something that is used once. The same request again is no second use.
#[derive(Debug, Clone, Copy)]
pub struct UseOnce {
    /// By whom.
    pub account_id: AccountId,
    /// What.
    pub key: ReplayKey,
    /// An id of the request that uses it.
    pub used_by: i64,
    /// When.
    pub at: Timestamp,
}

/// Whether something that may be used once was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It was not, or by the very same request.
    First,
    /// It was, or it is too old to tell.
    Again,
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
    /// Where its part goes if it says that the number is in another network: by the route of the message.
    pub onward: Vec<Onward>,
}

/// The carrier that gets parts of a route once another has reported that their number is in another network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    /// The route's name.
    pub route: Box<str>,
    /// The carrier.
    pub next: CarrierId,
}

/// A part of a text to store. The account that owns its number is told; a text to a number that nobody owns is kept all the same.
#[derive(Debug, Clone)]
pub struct InboundIn {
    /// Our id for it.
    pub id: InboundId,
    /// Who delivered it.
    pub carrier: CarrierId,
    /// What came.
    pub part: InboundPart,
    /// When.
    pub at: Timestamp,
    /// The id of the notice, if one comes of it.
    pub notice_id: NoticeId,
}

/// A change of who owns a number.
#[derive(Debug, Clone)]
pub struct NumberChange {
    /// The number: digits without a plus, or a short code.
    pub number: Box<str>,
    /// What becomes of it.
    pub change: NumberFate,
    /// When.
    pub at: Timestamp,
}

/// What becomes of a number.
#[derive(Debug, Clone)]
pub enum NumberFate {
    /// It belongs to an account from now on. The owner's own assignment again changes the URL; another account's is refused.
    Assign {
        /// The account.
        account_id: AccountId,
        /// Where its texts go instead of the account's endpoint.
        inbound_url: Option<Box<str>>,
        /// Its country, if it is known.
        country: Option<CountryCode>,
    },
    /// It belongs to nobody.
    Release,
}

/// A number of ours and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedNumber {
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// Whose.
    pub account_id: AccountId,
    /// Where its texts go instead of the account's endpoint.
    pub inbound_url: Option<Box<str>>,
    /// The account's application that it belongs to.
    pub application: Option<ApplicationId>,
}

/// A change of a list. Entries stand in the form of [`Lists::entry`]; adding what is there and removing what is not changes
/// nothing.
#[derive(Debug, Clone)]
pub struct ListChange {
    /// Whose list; `None`: everybody's.
    pub account_id: Option<AccountId>,
    /// Which.
    pub kind: ListKind,
    /// What comes in.
    pub add: Vec<Box<str>>,
    /// What goes out.
    pub remove: Vec<Box<str>>,
    /// When.
    pub at: Timestamp,
}

/// A notice for hooks, and the hooks that want it: each gets a notice of its own, in the place of the one.
#[derive(Debug, Clone)]
pub struct Spread {
    /// The notice.
    pub id: NoticeId,
    /// The key of each hook, with the id of its notice.
    pub hooks: Vec<(NoticeId, Box<str>)>,
    /// When.
    pub at: Timestamp,
}

/// A message that is not to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Cancel {
    /// Whose: another account's message is not found.
    pub account_id: AccountId,
    /// The message.
    pub message_id: MessageId,
    /// The operation's id.
    pub id: NoticeId,
    /// When.
    pub at: Timestamp,
}

/// A webhook that somebody had sent again: a line in its message's story, and nothing else.
#[derive(Debug, Clone)]
pub struct Resent {
    /// The message that it told of.
    pub message_id: MessageId,
    /// The part, from 1; 0: the message as a whole.
    pub part_number: u8,
    /// The operation's id.
    pub id: NoticeId,
    /// When.
    pub at: Timestamp,
    /// For people: what the endpoint said, never a body.
    pub detail: Box<str>,
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
    /// Secrets that authenticate it: at least one, and of each role as many as an account may have.
    pub secrets: Vec<NewSecret>,
    /// The secret that signs its requests and webhooks, which must be readable again. It has the account's number as its id.
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
    /// What it may do, all of it.
    pub rules: Option<AccountRules>,
    /// How it signs.
    pub signing: Option<Signing>,
    /// What its key may be used for, all of it.
    pub policy: Option<KeyPolicy>,
    /// How its one-time codes are worded, all of it.
    pub otp: Option<OtpSettings>,
}

impl AccountPatch {
    /// A change of nothing, to be filled in.
    #[must_use]
    pub const fn new(id: AccountId, at: Timestamp) -> Self {
        Self {
            id,
            at,
            endpoints: Vec::new(),
            webhook_method: None,
            status: None,
            default_class: None,
            rules: None,
            signing: None,
            policy: None,
            otp: None,
        }
    }

    /// A change of endpoints and of nothing else.
    #[must_use]
    pub fn endpoints(id: AccountId, at: Timestamp, endpoints: Vec<(EndpointKind, Box<str>)>) -> Self {
        Self { endpoints, ..Self::new(id, at) }
    }
}

/// Money put into a wallet. The cause makes it unique: the same payment again changes nothing, another amount or bucket is
/// refused.
#[derive(Debug, Clone)]
pub struct TopUp {
    /// Whose wallet.
    pub account_id: AccountId,
    /// How much; positive, in the account's currency.
    pub amount: Money,
    /// Where it goes.
    pub bucket: Bucket,
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
    /// What can still be spent of bonus credit.
    pub bonus_credit: Money,
    /// What can still be spent of free credit.
    pub free_credit: Money,
}

impl Wallet {
    /// What can still be spent.
    #[must_use]
    pub const fn available(&self) -> Money {
        Money::new(self.posted.units.saturating_sub(self.held.units), self.posted.currency)
    }

    /// The same by bucket.
    #[must_use]
    pub const fn buckets(&self) -> Buckets {
        let Self { bonus_credit, free_credit, .. } = *self;
        let credit = bonus_credit.units.saturating_add(free_credit.units);
        let balance = Money::new(self.available().units.saturating_sub(credit), self.posted.currency);
        Buckets { balance, bonus_credit, free_credit }
    }
}

/// What a change answered.
#[derive(Debug, Clone)]
pub enum OpResult {
    /// The message was taken: now, or before by the same idempotency key or the same signature.
    Accepted {
        /// What the customer is answered: the same every time.
        accepted: Box<Accepted>,
        /// Whether it had been taken before: then nothing may be submitted.
        repeated: bool,
    },
    /// It was not, and nothing was stored.
    Refused(Refusal),
    /// The part's change.
    Part(Box<PartOutcome>),
    /// The receipt's.
    Receipt(Box<ReceiptOutcome>),
    /// The text was stored, now or before.
    Inbound(Box<InboundOutcome>),
    /// The try was written down.
    NoticeNoted,
    /// The notices in the place of the one; none if it was there no more.
    Spread(Vec<Notice>),
    /// The parts that are not sent; none if the account has no such message, or something of it has left or ended.
    Cancelled(Vec<PartId>),
    /// The account was made or changed; as it is now.
    Account(Box<Account>),
    /// It was not.
    AccountRefused(AccountRefused),
    /// The account's secrets were changed; all that its requests are judged by, as it is now.
    Credential(Box<Credential>),
    /// They were not.
    SecretRefused(SecretRefusal),
    /// The verifier was made with a key that was given up meanwhile: it is to be made anew. Nothing was stored.
    KeyGone,
    /// The accounts whose secrets ended, as they are now.
    Ended(Vec<Credential>),
    /// How far the change of keys has come.
    Resealed(Resealed),
    /// The old keys are gone, or why they could not be given up: then all are there.
    KeysRetired(Result<(), Box<str>>),
    /// The wallet after the payment.
    Wallet(Wallet),
    /// The carrier's number.
    Carrier(CarrierId),
    /// Whose the number is now, if anybody's.
    Number(Option<OwnedNumber>),
    /// The number was not given to the account.
    NumberRefused(NumberRefused),
    /// The lists of the account, or everybody's, after the change.
    Lists(Arc<Lists>),
    /// The document as it is now.
    Document(Box<Document>),
    /// The document is gone.
    DocumentRemoved,
    /// The document did not change.
    DocumentRefused(DocumentRefused),
    /// Whether it was used before.
    Used(Used),
    /// What became of a change of the pool.
    Pool(PoolDone),
    /// What became of an arranged payment.
    Reload(ReloadDone),
    /// What became of a subaccount.
    Subaccount(SubaccountDone),
    /// Refused requests were kept.
    RejectionsKept,
    /// The network of the number was noted.
    NetworkNoted,
    /// What was forgotten.
    Pruned(Pruned),
    /// What became of a change of who looks after the gateway.
    People(PeopleDone),
    /// What somebody did is kept.
    Audited,
    /// The operation broke a constraint of the database and was left out; the text names it for the operator. This is a fault of
    /// ours: nothing of the operation was stored.
    Failed(Box<str>),
}

/// What became of a part's event.
#[derive(Debug, Clone)]
pub struct PartOutcome {
    /// The part after it; `None` if it is not open (it ended, or there never was one).
    pub record: Option<PartRecord>,
    /// The part after it, ended or not, where the event found it open.
    pub after: Option<PartRecord>,
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
#[expect(clippy::large_enum_variant, reason = "results hold it in a box")]
pub enum ReceiptOutcome {
    /// Its part was found.
    Matched {
        /// What became of the part.
        outcome: PartOutcome,
        /// The form of the id by which it was found.
        form: KeyForm,
        /// Other open parts of the same message that have the very same id at the carrier: it took them as one, and the receipt
        /// speaks for them too.
        siblings: Vec<PartId>,
    },
    /// It was not: the receipt waits for the answer that it outran.
    Parked(OrphanReason),
    /// The same receipt is parked already.
    ParkedBefore(OrphanReason),
}

/// Why a receipt found no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrphanReason {
    /// No part of the carrier has that id, in any form.
    UnknownId,
    /// A part has that id in another form, but another recipient.
    OtherRecipient,
    /// The receipt names no id.
    NoId,
}

impl OrphanReason {
    /// The reason in JSON and rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownId => "unknown-id",
            Self::OtherRecipient => "other-recipient",
            Self::NoId => "no-id",
        }
    }
}

/// What became of a text that came in.
#[derive(Debug, Clone)]
pub struct InboundOutcome {
    /// Its id: that of the first time if the carrier delivered the same part of a long text again.
    pub id: InboundId,
    /// The number that it went to.
    pub number: Box<str>,
    /// Whose number that is; `None`: nobody's.
    pub account_id: Option<AccountId>,
    /// Whether it was stored before.
    pub repeated: bool,
    /// Whether every part of its text is there now.
    pub complete: bool,
    /// What to tell the customer, due at once.
    pub notice: Option<Notice>,
}

/// Why a number was not given to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberRefused {
    /// It belongs to another account.
    Taken,
    /// There is no such account.
    UnknownAccount,
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
    /// A payment with the same cause and another amount or bucket was taken before.
    CauseTaken,
}
