//! What a request asks for, and what it is answered: the words every dialect shares.
//!
//! A dialect turns its vendor's request into a [`Call`] and an [`Outcome`] into its vendor's answer. [`Refusal`] is closed on
//! purpose: a new reason does not compile until every dialect has an answer for it.

pub mod account;
mod application;
mod faulty;
pub mod history;
pub mod journal;
pub mod lookup;
pub mod many;
mod message;
pub mod numbers;
mod oauth;
pub mod prices;
pub mod record;
mod secrets;
pub mod subaccounts;
pub mod totals;

use crate::account::text_forms;
use crate::credential::{AuthMethod, KeyMode, Scope, SignatureCause, SignatureMethod};
use crate::id::{ApplicationId, CarrierId, MessageId, PartId, Serial};
use crate::money::Money;
use crate::notice::Telling;
use crate::phone::{PhoneNumber, SenderId};
use crate::secret::{MessageOctets, MessageText};
use crate::time::{Span, Timestamp};

use self::account::{AccountCall, AccountOutcome};
use self::history::{HistoryCall, HistoryOutcome};
use self::journal::{JournalCall, JournalOutcome};
use self::lookup::{LookupCall, LookupOutcome};
use self::many::{ManyCall, ManySent};
use self::numbers::{NumbersCall, NumbersOutcome};
use self::prices::{PricesCall, PricesOutcome};
use self::record::{RecordCall, RecordOutcome};
use self::subaccounts::{SubaccountsCall, SubaccountsOutcome};
use self::totals::{TotalsCall, TotalsOutcome};

pub use self::application::{
    ApplicationCall, ApplicationOutcome, ApplicationPage, ApplicationShown, ApplicationWish, KeyWish, PageWish,
};
pub use self::faulty::{Faulty, FieldFault};
pub use self::message::{MessageCall, MessageName, MessageOutcome, NAMED_MAX};
pub use self::oauth::{GrantCallback, OauthCall, OauthOutcome, TokenKind};
pub use self::secrets::{SecretShown, SecretsCall, SecretsOutcome, SecretsWish};
pub use whimbrel_sms::HandsetClass;

/// Why a message is sent; it decides priority and what doubt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageClass {
    /// One-time codes: first in the queue.
    Otp,
    /// Everything else.
    Bulk,
}

text_forms! { MessageClass { Otp = "otp", Bulk = "bulk" } }

/// A request in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Send a text to one recipient.
    Send(Box<SendCall>),
    /// Send a text to several recipients.
    SendMany(Box<ManyCall>),
    /// Something about the account itself.
    Account(AccountCall),
    /// What parts cost.
    Prices(PricesCall),
    /// What was sent, came in or was refused.
    History(HistoryCall),
    /// A page of the journal.
    Journal(JournalCall),
    /// What was sent and came in, added up.
    Totals(TotalsCall),
    /// What the numbering plan says of numbers.
    Lookup(LookupCall),
    /// Records that only the dialect understands.
    Record(RecordCall),
    /// Numbers, owned and for sale.
    Numbers(NumbersCall),
    /// Nothing that can be carried out; answered with [`Outcome::Faulty`] once it is clear who calls.
    Faulty(Faulty),
    /// Something about applications.
    Application(ApplicationCall),
    /// Something about a message that was sent.
    Message(MessageCall),
    /// Something about the account's secrets.
    Secrets(SecretsCall),
    /// A step on the way to a token of OAuth.
    Oauth(OauthCall),
    /// Something about accounts below the one that calls.
    Subaccounts(SubaccountsCall),
}

impl Call {
    /// Whether a key for trying out may ask for it: what reads, and what would send, for then nothing is sent.
    #[must_use]
    pub const fn is_for_trying(&self) -> bool {
        match self {
            Self::Send(_) | Self::SendMany(_) | Self::Faulty(_) => true,
            other => matches!(other.scope(), Scope::Read),
        }
    }

    /// What the request is about.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Send(_) | Self::SendMany(_) => Scope::Send,
            Self::Account(AccountCall::Balance) | Self::Prices(_) | Self::History(_) => Scope::Read,
            Self::Journal(_) | Self::Totals(_) | Self::Lookup(_) => Scope::Read,
            Self::Message(MessageCall::Progress(_)) => Scope::Read,
            Self::Record(RecordCall::List { .. } | RecordCall::Show(_)) => Scope::Read,
            Self::Record(RecordCall::Make { .. } | RecordCall::Patch(..)) => Scope::Account,
            Self::Record(RecordCall::Remove(_) | RecordCall::RemoveWithMembers(_)) => Scope::Account,
            Self::Account(AccountCall::TopUp { .. } | AccountCall::Settings(_)) => Scope::Account,
            Self::Numbers(NumbersCall::Owned(_) | NumbersCall::OnSale(_)) => Scope::Read,
            Self::Numbers(NumbersCall::Buy(_) | NumbersCall::Cancel(_) | NumbersCall::Update(..)) => Scope::Numbers,
            Self::Faulty(faulty) => faulty.scope,
            Self::Application(_) => Scope::Applications,
            Self::Message(MessageCall::Mark { .. } | MessageCall::Cancel(_)) => Scope::Send,
            Self::Secrets(_) => Scope::Secrets,
            Self::Oauth(_) => Scope::Account,
            Self::Subaccounts(SubaccountsCall::List { .. }) => Scope::Read,
            Self::Subaccounts(_) => Scope::Account,
        }
    }
}

/// One text to one recipient. `Debug` leaves out what customers chose freely: marks and URLs may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct SendCall {
    /// To whom.
    pub recipient: PhoneNumber,
    /// What the handset shows as origin.
    pub sender: SenderId,
    /// What is sent.
    pub content: Content,
    /// How the handset is to treat it, if the request says so.
    pub handset_class: Option<HandsetClass>,
    /// The network that the customer takes the recipient to be in (mobile country and network code).
    pub network: Option<Box<str>>,
    /// What regulators want to travel along.
    pub registration: Registration,
    /// Whether the customer wants receipts.
    pub receipt: ReceiptWish,
    /// Where receipts of this message go instead of the account's endpoint.
    pub callback: Option<Box<str>>,
    /// How its receipts are told.
    pub telling: Telling,
    /// Which of the account's applications sends; known once it is clear who calls.
    pub application: Option<ApplicationId>,
    /// The customer's own mark, given back in answers and receipts.
    pub client_ref: Option<Box<str>>,
    /// A second mark of the customer, given back in answers only.
    pub account_ref: Option<Box<str>>,
    /// How long the message may be tried. `None`: the default.
    pub validity: Option<Span>,
    /// When it may leave; `None`, or a time that has passed: at once. The validity counts from then.
    pub due_at: Option<Timestamp>,
    /// The class, if the request names one.
    pub class: Option<MessageClass>,
    /// The caller's mark for "the same request", with a digest of the request it came with.
    pub idempotency: Option<IdempotencyKey>,
    /// The carrier to use, whatever the routes say: for tests of a carrier by its operator.
    pub carrier: Option<CarrierId>,
    /// Whether it is a real one, by the key that it was sent with; known once it is clear who calls.
    pub mode: KeyMode,
}

impl std::fmt::Debug for SendCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendCall")
            .field("recipient", &self.recipient)
            .field("content", &self.content)
            .field("handset_class", &self.handset_class)
            .field("receipt", &self.receipt)
            .field("validity", &self.validity)
            .field("due_at", &self.due_at)
            .field("class", &self.class)
            .field("carrier", &self.carrier)
            .finish_non_exhaustive()
    }
}

/// What a message holds. `Debug` shows sizes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text, split into as many parts as it needs.
    Text {
        /// The text as the customer gave it.
        text: MessageText,
        /// Which alphabet it is sent in.
        alphabet: Alphabet,
    },
    /// Octets that are no text: one part.
    Binary(Binary),
}

impl Content {
    /// Whether it is a text with a one-time code.
    #[must_use]
    pub fn has_code(&self) -> bool {
        matches!(self, Self::Text { text, .. } if text.code_place().is_some())
    }

    /// The protocol identifier; 0 for a text.
    #[must_use]
    pub const fn protocol_id(&self) -> u8 {
        match self {
            Self::Text { .. } => 0,
            Self::Binary(binary) => binary.protocol_id,
        }
    }
}

/// A binary message as the customer gave it; header and body have 140 octets at most together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// The whole user data header with its length octet; empty for none.
    pub header: MessageOctets,
    /// The octets after it.
    pub body: MessageOctets,
    /// The protocol identifier (3GPP TS 23.040 §9.2.3.9).
    pub protocol_id: u8,
}

/// Which alphabet a text is sent in, and what becomes of a character that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// GSM 7-bit; a character outside it becomes a question mark.
    Gsm7Lossy,
    /// UCS-2, also for texts that would fit GSM 7-bit.
    Ucs2,
    /// GSM 7-bit; characters outside it become the nearest that it has, and a question mark where there is none.
    Gsm7Transliterated,
    /// GSM 7-bit if every character fits, else UCS-2.
    Detect,
    /// GSM 7-bit if every character fits as it is or transliterated, else UCS-2.
    DetectTransliterated,
}

/// Marks that a regulator has carriers check, such as those of India's registry of commercial texts (TRAI, 2018).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registration {
    /// The sender's registered entity.
    pub entity: Option<Box<str>>,
    /// The registered template of the content.
    pub template: Option<Box<str>>,
}

/// Whether the customer wants receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptWish {
    /// Yes.
    Wanted,
    /// No: none is asked of the carrier and no notice is sent.
    Unwanted,
}

/// The caller's mark for "the same request".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The key as given, at most 255 visible characters; or [of one recipient](Self::of_recipient).
    pub key: Box<str>,
    /// A digest of everything the request asks for: the same key with another digest is refused.
    pub request_digest: [u8; 32],
}

impl IdempotencyKey {
    /// Stands between a request's key and a recipient; no key that is given has one.
    const BREAK: char = '\n';

    /// The key of the message to one of the recipients of the request that has this key. It names the recipient, not its place: places
    /// shift where names stand for others than before.
    #[must_use]
    pub fn of_recipient(&self, recipient: &PhoneNumber) -> Self {
        let key = format!("{}{}{}", self.key, Self::BREAK, recipient.digits()).into();
        Self { key, request_digest: self.request_digest }
    }

    /// The key of the whole request, if this is that of a message to one of its recipients.
    #[must_use]
    pub fn of_request(&self) -> Option<&str> {
        self.key.rsplit_once(Self::BREAK).map(|(request, _)| request)
    }
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The text was accepted; it is durable.
    Sent(Accepted),
    /// What became of the text for each of several recipients.
    SentMany(Box<ManySent>),
    /// It was not, and nothing was stored or charged.
    Refused(Refusal),
    /// What a request about the account itself came to.
    Account(AccountOutcome),
    /// What parts cost.
    Prices(PricesOutcome),
    /// What was found again.
    History(HistoryOutcome),
    /// A page of the journal.
    Journal(JournalOutcome),
    /// What was sent and came in, added up.
    Totals(TotalsOutcome),
    /// What the numbering plan says of numbers.
    Lookup(LookupOutcome),
    /// What a request about records came to.
    Record(RecordOutcome),
    /// What a request about numbers came to.
    Numbers(NumbersOutcome),
    /// The request cannot be carried out as it was written; nothing was done.
    Faulty(Faulty),
    /// What a call about applications came to.
    Application(ApplicationOutcome),
    /// What a call about a message came to.
    Message(MessageOutcome),
    /// What a call about the account's secrets came to.
    Secrets(SecretsOutcome),
    /// What a step on the way to a token of OAuth came to.
    Oauth(OauthOutcome),
    /// What a call about accounts below the one that calls came to.
    Subaccounts(SubaccountsOutcome),
}

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The message; also the id of its first part.
    pub message_id: MessageId,
    /// Its number, where its dialect names it by one.
    pub serial: Option<Serial>,
    /// To whom.
    pub recipient: PhoneNumber,
    /// The recipient's network code.
    pub network: Box<str>,
    /// Each part, in order.
    pub parts: Vec<AcceptedPart>,
    /// The customer's mark, if one was given.
    pub client_ref: Option<Box<str>>,
    /// The customer's second mark, if one was given.
    pub account_ref: Option<Box<str>>,
}

/// One part of an accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedPart {
    /// Its id.
    pub part_id: PartId,
    /// What it costs.
    pub price: Money,
    /// What the account has left after this part's hold.
    pub balance: Money,
}

/// Why we say no. Fields are named in the words of the dialect that read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field is absent or empty.
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field has a value that cannot be.
    Invalid {
        /// Its name.
        field: &'static str,
    },
    /// The recipient is not a number.
    RecipientNotNumeric,
    /// The validity is no number or out of range.
    InvalidValidity,
    /// The message class on the handset is none.
    InvalidHandsetClass,
    /// The callback is no absolute http or https URL of a sane length.
    InvalidCallback(CallbackFault),
    /// More parts or characters than a message may have.
    TooLong,
    /// The account may not use this feature, or we do not offer it.
    FacilityNotAllowed,
    /// Unknown key, or wrong secret: never told apart.
    BadCredentials,
    /// A good credential whose time is over: it proved once who is calling, so it is told.
    CredentialExpired,
    /// Two ways of proving who is calling that exclude each other.
    ConflictingCredentials,
    /// A signature was given that cannot be accepted.
    InvalidSignature,
    /// The same, where the vendor tells why.
    SignatureRefused {
        /// Why.
        cause: SignatureCause,
    },
    /// The credential is good, but the account's requests must be signed and this one is not.
    SignatureRequired,
    /// The signature is good, but its method is weaker than the account's policy takes.
    SignatureTooWeak {
        /// The method.
        method: SignatureMethod,
    },
    /// The credential is good, but the account's policy does not take it in this way.
    MethodNotAllowed {
        /// The way.
        method: AuthMethod,
    },
    /// The credential is good, but the request comes from a network that the account's policy does not list.
    SourceNotAllowed,
    /// The credential is good, but the account's policy keeps it from this kind of request.
    ScopeNotAllowed {
        /// The kind.
        scope: Scope,
    },
    /// Too many requests with this key, or from this address, could not prove who is calling; nothing was looked at.
    TooManyFailures {
        /// When one more is looked at.
        wait: Span,
    },
    /// The account is suspended.
    AccountBarred,
    /// The account may not send by HTTP.
    HttpNotAllowed,
    /// The account sends more requests than it may.
    TooManyRequests(RateWindow),
    /// One sender sends more than it may.
    SenderThrottled {
        /// The recipient.
        recipient: PhoneNumber,
        /// The recipient's network code.
        network: Box<str>,
        /// How long to wait; `None` if that is not known.
        wait: Option<Span>,
    },
    /// One recipient is sent more than it may be.
    RecipientThrottled {
        /// The recipient.
        recipient: PhoneNumber,
        /// What holds it up.
        brake: RecipientBrake,
        /// How long to wait.
        wait: Span,
    },
    /// The recipient is not among those that the account may send to.
    RecipientNotPermitted {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The recipient is barred.
    RecipientBarred {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The recipient's number was given up.
    RecipientDeactivated {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The sender may not be used for this recipient.
    SenderNotAllowed {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The network that the request names is unknown, or is not in the recipient's country.
    InvalidNetwork,
    /// No route leads to the recipient.
    Unroutable {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The balance is lower than the price.
    InsufficientFunds {
        /// The recipient.
        recipient: PhoneNumber,
        /// What one part costs.
        price: Money,
        /// What the account has.
        balance: Money,
        /// The recipient's network code.
        network: Box<str>,
    },
    /// The account has spent today what it may spend in a day.
    SpendCapReached {
        /// The recipient.
        recipient: PhoneNumber,
        /// What one part costs.
        price: Money,
        /// What the account has.
        balance: Money,
        /// The recipient's network code.
        network: Box<str>,
    },
    /// The same idempotency key came with another request, or with this one for a message that was removed since.
    IdempotencyConflict,
    /// We are over our limits; the same request may succeed later.
    Overloaded,
    /// Something on our side failed; nothing was accepted.
    Internal,
}

/// A rule of an account that keeps its recipients from too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientBrake {
    /// How often.
    Rate,
    /// How soon the same again.
    Repeat,
}

/// The window of time in which an account sent too many requests. Windows follow each other without gaps. Where a burst is allowed instead
/// (`AccountRules::requests_burst_max`) there are none, and only when this one ends is true: then there is room for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateWindow {
    /// Requests that it may hold.
    pub requests_max: u32,
    /// How long it is.
    pub length: Span,
    /// Requests that it held before this one.
    pub requests: u32,
    /// When it began.
    pub began_at: Timestamp,
    /// How long ago that was.
    pub elapsed: Span,
}

/// What is wrong with a callback URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackFault {
    /// It has no scheme.
    MissingProtocol,
    /// It is too long, or holds characters that no URL has.
    Malformed,
}
