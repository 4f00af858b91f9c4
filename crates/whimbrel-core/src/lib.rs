//! Whimbrel's words and rules, without I/O.
//!
//! What a number, an amount, an account, a message, a part, a receipt and a refusal *are*, and the pure steps between
//! them: [`plan`](plan::plan) turns a call into a plan, [`apply`](part::apply) turns a part's state and an event into the
//! next state and what it costs. Time, ids and chance are arguments; nothing here reads a clock, a file or a socket.
//! No vendor and no kind of carrier is known by name.

pub mod account;
pub mod application;
pub mod bucket;
pub mod call;
pub mod carrier;
pub mod choice;
pub mod country;
pub mod credential;
pub mod id;
pub mod inbound;
pub mod money;
pub mod network;
pub mod notice;
pub mod part;
pub mod phone;
pub mod plan;
pub mod policy;
pub mod replay;
pub mod retry;
pub mod saboteur;
pub mod secret;
pub mod time;
pub mod uuid;
pub mod world;
pub mod zone;

pub use account::{
    Access, Account, AccountRules, AccountStatus, CaptureOn, Endpoint, EndpointKind, Facility, Home, HttpMethodChoice,
    OtpSettings, Recipients, RequestRate, Senders, Unmappable,
};
pub use application::{Application, ApplicationEndpoint, ApplicationFacts};
pub use bucket::{Bucket, Buckets};
pub use call::{
    Accepted, AcceptedPart, Alphabet, ApplicationCall, ApplicationOutcome, ApplicationPage, ApplicationShown,
    ApplicationWish, Binary, Call, CallbackFault, Content, Faulty, FieldFault, GrantCallback, HandsetClass,
    IdempotencyKey, KeyWish, MessageCall, MessageClass, MessageName, MessageOutcome, OauthCall, OauthOutcome, Outcome,
    PageWish, RateWindow, ReceiptWish, RecipientBrake, Refusal, Registration, SecretShown, SecretsCall, SecretsOutcome,
    SecretsWish, SendCall, TokenKind,
};
pub use carrier::{
    AckToken, AnswerTiming, CarrierError, CarrierEvent, CarrierMessageId, CarrierReceipt, DoubtCause, KeyForm,
    ReceiptKey, RefusalScope, Submission,
};
pub use choice::{Choice, Member};
pub use credential::{
    AuthMethod, KeyMode, SECRET_KEYS_MAX, SECRETS_MAX, Scope, SecretFault, SecretId, SecretKind, SecretRefusal,
    SecretRole, SignatureCause, SignatureMethod, Signing, WebhookSigning,
};
pub use id::{
    AccountId, ApplicationId, AttemptNumber, CarrierId, EventId, IdSource, InboundId, LinkId, MessageId, NoticeId,
    PartId, Serial,
};
pub use inbound::{InboundAlphabet, InboundContent, InboundPart, InboundTold};
pub use money::{Currency, Money};
pub use network::{CountryCode, Network, Networks, NumberNetwork, Prices};
pub use notice::{ForHook, FormNamed, Notice, NoticeForm, NoticeScope, ReceiptTold, Telling, Told};
pub use part::{Cause, DoubtPolicy, Final, PartEvent, PartRecord, PartState, ReceiptStatus, Report, Transition, Whole};
pub use phone::{PhoneNumber, SenderId};
pub use plan::{Cut, Plan, PlannedPart, RouteCarrier, Snapshot};
pub use policy::{KeyPolicy, KeyUse, ListKind, Lists, SignatureRule, SourceNetwork};
pub use replay::{ReplayKey, ReplayKind, ReplayMark};
pub use secret::{CODE_MARK, CodePlace, MessageOctets, MessageText, Secret};
pub use time::{Span, Timestamp};
pub use uuid::Uuid;
pub use world::World;
