//! Accounts: who sends, what they may do, and where their webhooks go.

use std::sync::Arc;

use crate::call::MessageClass;
use crate::credential::Signing;
use crate::id::AccountId;
use crate::money::Currency;
use crate::network::CountryCode;
use crate::phone::SenderId;
use crate::policy::{KeyPolicy, Lists};
use crate::zone::Zone;

/// Whether an account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// It may.
    Active,
    /// The operator suspended it: every request is refused.
    Suspended,
}

/// When a held price becomes a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureOn {
    /// When the carrier accepts the part: the default.
    CarrierAccept,
    /// When the part is delivered; a failure releases the hold.
    Delivery,
}

/// What an endpoint is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointKind {
    /// Receipts of sent parts.
    Receipt,
    /// Texts that came in.
    Inbound,
}

/// How parameters travel to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethodChoice {
    /// GET, parameters in the query.
    Get,
    /// POST, parameters as a urlencoded body.
    PostForm,
    /// POST, parameters as a JSON object.
    PostJson,
}

/// A customer's URL for one kind of notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is told.
    pub kind: EndpointKind,
    /// An absolute http or https URL.
    pub url: Box<str>,
}

/// A customer of ours, as requests see it. The wallet is not here: only the store knows balances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Our number for it.
    pub id: AccountId,
    /// The name of its credential, such as an API key. Unique within a dialect.
    pub key: Box<str>,
    /// For people.
    pub name: Box<str>,
    /// The one currency of its wallet.
    pub currency: Currency,
    /// Whether it may send.
    pub status: AccountStatus,
    /// The class of its messages unless a request says otherwise.
    pub default_class: MessageClass,
    /// When its holds become charges.
    pub capture_on: CaptureOn,
    /// How its webhooks carry their parameters.
    pub webhook_method: HttpMethodChoice,
    /// Where notices go; at most one of each kind.
    pub endpoints: Vec<Endpoint>,
    /// What it may do.
    pub rules: AccountRules,
    /// How its one-time codes are worded.
    pub otp: OtpSettings,
    /// How it signs.
    pub signing: Signing,
    /// What its key may be used for.
    pub policy: Arc<KeyPolicy>,
    /// Whom it may send to, and as whom.
    pub lists: Arc<Lists>,
}

/// What an account may do. The default lets it do everything, as fast as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountRules {
    /// Whether it may send by HTTP.
    pub access: Access,
    /// Requests per second; 0: no limit.
    pub requests_per_second_max: u32,
    /// Parts per second with one and the same sender; 0: no limit.
    pub sender_parts_per_second_max: u32,
    /// Whom it may send to.
    pub recipients: Recipients,
    /// As whom it may send.
    pub senders: Senders,
    /// What becomes of a character that GSM 7-bit lacks, where the request does not ask for UCS-2.
    pub unmappable: Unmappable,
    /// Whether it may send binary messages.
    pub binary: Facility,
    /// Whether it may choose where the handset puts a message.
    pub handset_class: Facility,
    /// How many requests may come at once; the room for them fills again evenly, at the rate. 0: no such room, each second counts for
    /// itself, and all of it may come at once.
    pub requests_burst_max: u32,
    /// Seconds between two messages to one recipient; 0: no limit.
    pub recipient_seconds_min: u32,
    /// Messages to one recipient in an hour; 0: no limit.
    pub recipient_per_hour_max: u32,
    /// Seconds in which the same content does not go to the same recipient again; 0: it may go at once.
    pub repeat_seconds_min: u32,
    /// Where its clocks stand; `None`: where those of its API do.
    pub zone: Option<Zone>,
    /// Whose numbers it writes in national form; `None`: those of its API's country.
    pub country: Option<CountryCode>,
}

impl AccountRules {
    /// Everything is allowed: the default.
    pub const OPEN: Self = Self {
        access: Access::Http,
        requests_per_second_max: 0,
        sender_parts_per_second_max: 0,
        recipients: Recipients::Any,
        senders: Senders::Any,
        unmappable: Unmappable::Replace,
        binary: Facility::Allowed,
        handset_class: Facility::Allowed,
        requests_burst_max: 0,
        recipient_seconds_min: 0,
        recipient_per_hour_max: 0,
        repeat_seconds_min: 0,
        zone: None,
        country: None,
    };

    /// The rate at which the account may ask.
    #[must_use]
    pub const fn request_rate(&self) -> RequestRate {
        RequestRate { per_second_max: self.requests_per_second_max, burst_max: self.requests_burst_max }
    }
}

/// What an account means by a local time, a national number and a text that names no sender. `None`: what its API means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Home {
    /// Where its clocks stand.
    pub zone: Option<Zone>,
    /// Whose numbers it writes in national form.
    pub country: Option<CountryCode>,
    /// What its messages come from.
    pub sender: Option<SenderId>,
}

/// The rate at which an account may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// Requests per second; 0: no limit.
    pub per_second_max: u32,
    /// As [`AccountRules::requests_burst_max`].
    pub burst_max: u32,
}

/// How an account's one-time codes are worded, where its API takes a code and no text; and the sender of what names none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtpSettings {
    /// The text, with [`CODE_MARK`](crate::CODE_MARK) in the place of the code. `None`: the one of its API.
    pub template: Option<Box<str>>,
    /// What the handset shows as origin. `None`: that of its API.
    pub sender: Option<SenderId>,
}

/// How an account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// By HTTP.
    #[default]
    Http,
    /// Not by HTTP.
    SmppOnly,
}

/// Whom an account may send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recipients {
    /// Everybody who is not barred.
    #[default]
    Any,
    /// Only numbers on its list of permitted ones: a demonstration account.
    Permitted,
}

/// As whom an account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Senders {
    /// As anybody.
    #[default]
    Any,
    /// Only as its list of senders says, or as a number that it owns.
    Listed,
}

/// What becomes of a character that GSM 7-bit lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmappable {
    /// A question mark.
    #[default]
    Replace,
    /// The nearest that there is.
    Transliterate,
    /// The text is sent in UCS-2.
    Unicode,
}

/// Whether an account may use something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Facility {
    /// It may.
    #[default]
    Allowed,
    /// It may not.
    Denied,
}

impl Account {
    /// What it means by a local time, a national number and a text that names no sender.
    #[must_use]
    pub fn home(&self) -> Home {
        Home { zone: self.rules.zone, country: self.rules.country, sender: self.otp.sender.clone() }
    }

    /// The URL for notices of `kind`, if one is set.
    #[must_use]
    pub fn endpoint(&self, kind: EndpointKind) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.kind == kind)
    }
}

/// Text forms of small enums, for rows, JSON and flags: one list each, read both ways.
macro_rules! text_forms {
    ($($type:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        impl $type {
            /// The value's name in rows, JSON and flags.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads a name back; `None` if there is no such value.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}
pub(crate) use text_forms;

text_forms! {
    AccountStatus { Active = "active", Suspended = "suspended" }
    CaptureOn { CarrierAccept = "carrier-accept", Delivery = "delivery" }
    EndpointKind { Receipt = "receipt", Inbound = "inbound" }
    Access { Http = "http", SmppOnly = "smpp-only" }
    Recipients { Any = "any", Permitted = "permitted" }
    Senders { Any = "any", Listed = "listed" }
    Unmappable { Replace = "replace", Transliterate = "transliterate", Unicode = "unicode" }
    Facility { Allowed = "allowed", Denied = "denied" }
    HttpMethodChoice { Get = "GET", PostForm = "POST", PostJson = "POST-JSON" }
}
