//! The vendors' HTTP APIs as pure functions: one folder for each dialect.
//!
//! A dialect reads a request into a [`Claim`] (who says they call) and a [`Call`] (what they want), renders an [`Outcome`]
//! as its vendor's answer, and renders a [`Notice`] as its vendor's webhook. No I/O, no clock, no store. Everything that names
//! a vendor stays inside the vendor's folder and its line in [`registry`].

pub mod address;
pub mod claim;
pub mod client;
pub mod edit;
pub mod http;
pub mod keys;
pub mod mask;
mod members;
pub mod nexmo;
pub mod nexo;
pub mod openapi;
pub mod own;
pub mod probe;
pub mod registry;
pub mod sample;
pub mod seven;
pub mod standard;
mod url;
pub mod webhook;

use whimbrel_core::account::CaptureOn;
use whimbrel_core::call::history::RefusedSend;
use whimbrel_core::call::record::Record;
use whimbrel_core::{
    AccountRules, ApplicationFacts, Call, FieldFault, Home, MessageClass, Notice, NoticeForm, NoticeScope, Outcome,
    PhoneNumber, Refusal, Serial, Timestamp,
};

use crate::http::{HostKind, HttpRequest, HttpResponse};

pub use crate::claim::Claim;
pub use crate::keys::SecretKeyForm;
pub use crate::mask::Hidden;
pub use crate::sample::Sample;
pub use crate::webhook::{CannotSign, HookTarget, Moment, Retried, WebhookRules, WebhookTarget, WebhookTest};

/// What the rest of the product may know of a dialect.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// The id in code, configuration, JSON and folders.
    pub id: &'static str,
    /// Other names the command line takes.
    pub aliases: &'static [&'static str],
    /// The name in prose.
    pub title: &'static str,
    /// How its customers' secret keys are written; `None`: they show a key with a secret beside it.
    pub secret_keys: Option<SecretKeyForm>,
    /// What its customers' accounts are like unless the operator says otherwise.
    pub new_accounts: NewAccounts,
    /// The development account's credentials.
    pub dev_account: DevAccount,
    /// A curl command line that works as pasted against a development server at `{base}` (`http://127.0.0.1:7670`).
    pub curl_line: &'static str,
    /// The names of the vendor's servers for what this dialect speaks, in lower case: what unmodified clients call.
    pub vendor_hosts: &'static [&'static str],
    /// Variables of the environment that the vendor's libraries and samples read, with what they are to hold: `{key}`, `{secret}`,
    /// `{test_key}`, `{signature_secret}` of the development account, and where the server is: `{http}` and `{https}` (URLs),
    /// `{https_host}` (name and port). A line is left out where the server has no such thing.
    pub environment: &'static [(&'static str, &'static str)],
}

/// What accounts of a dialect are like when they are made.
#[derive(Debug, Clone, Copy)]
pub struct NewAccounts {
    /// The wallet's currency.
    pub currency: &'static str,
    /// The class of messages.
    pub class: MessageClass,
    /// When holds become charges.
    pub capture_on: CaptureOn,
    /// What they may do.
    pub rules: AccountRules,
    /// Free credit of who signs up, in whole units of the currency; `None`: none.
    pub welcome_credit: Option<&'static str>,
}

/// The fixed credentials of `--dev`.
#[derive(Debug, Clone, Copy)]
pub struct DevAccount {
    /// The key; where customers have secret keys, the account's name.
    pub key: &'static str,
    /// The secret, or the secret key.
    pub secret: &'static str,
    /// A secret key for trying out.
    pub test_key: Option<&'static str>,
    /// The secret that signs requests and webhooks.
    pub signature_secret: &'static str,
    /// The wallet's currency.
    pub currency: &'static str,
    /// The name of this account's object in the ready-file.
    pub ready_file_name: &'static str,
}

/// A request, read. Both halves are always there: who calls is judged before what they want, so that the caller is told first
/// what the vendor tells first. A refusal in `claim` is answered before anything is looked up; one in `call` only once the
/// claim was found good and the account may send.
#[derive(Debug)]
pub struct Parsed {
    /// Who says they call, or why that cannot be read.
    pub claim: Result<Claim, Refusal>,
    /// What they want, or why not.
    pub call: Result<Call, Refusal>,
    /// What the answer needs to know of the request.
    pub reply: Reply,
}

/// What the answer needs to know of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Which page of the dialect was asked, and in which form it answers; meaningful only to the dialect.
    pub page: u16,
    /// The trace id of the answer: the caller's, or 32 lower-case hex digits that the server chose.
    pub trace_id: Box<str>,
    /// Whether the caller reached us by a name for this very machine (then no HSTS is sent).
    pub host: HostKind,
    /// When the answer is rendered, for its date.
    pub now: Timestamp,
    /// How the operator wants answers to be; the default where a dialect has just read a request.
    pub wording: Wording,
    /// What the account means by local times; the default where a dialect has just read a request.
    pub home: Home,
}

/// How the operator wants answers to be, where a vendor leaves it open; a dialect heeds what it has an answer for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording {
    /// Whether a refusal that consists of a code is told in words too.
    pub refusals: RefusalWords,
    /// Where customers pay in, for those who have not enough: an absolute URL.
    pub deposit_url: Option<Box<str>>,
}

/// Whether a refusal that consists of a code is told in words too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefusalWords {
    /// It is the code alone, as the vendor's.
    #[default]
    Code,
    /// It is a document with the code and the words.
    Verbose,
}

/// What a dialect made of a request's path and method.
#[derive(Debug)]
pub enum Match {
    /// The path is not this dialect's.
    NotMine,
    /// It is, and the request is read.
    Parsed(Box<Parsed>),
    /// It is, and the answer is known without asking anybody (a wrong method, HEAD).
    Answered(HttpResponse),
}

/// What applications are in a dialect: documents that nobody else understands.
pub trait Applications: Send + Sync {
    /// What the engine must know of an application's document.
    fn facts(&self, document: &str) -> ApplicationFacts;

    /// The document of an application with those facts, for operators who make one.
    ///
    /// # Errors
    /// The facts that cannot be so.
    fn document(&self, facts: &ApplicationFacts) -> Result<Box<str>, Vec<FieldFault>>;
}

/// One vendor's HTTP API. All methods are pure.
pub trait Dialect: Send + Sync {
    /// What the rest of the product may know.
    fn descriptor(&self) -> &'static Descriptor;

    /// What of it can be called: its own routes, described.
    fn reference(&self) -> openapi::Document;

    /// Reads a request. `trace_id` is used where the caller gave none; `now` dates the answer.
    fn read(&self, request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match;

    /// Renders what a call came to.
    fn render(&self, outcome: &Outcome, reply: &Reply) -> HttpResponse;

    /// Renders one try of a webhook, signed anew if the account's webhooks are signed.
    ///
    /// # Errors
    /// [`CannotSign`]; nothing must be sent then.
    fn webhook(
        &self,
        notice: &Notice,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<http::WebhookRequest, CannotSign>;

    /// Signs a webhook anew that somebody edited: what [`webhook`](Self::webhook) rendered of `notice`, changed. Signatures of before are
    /// taken out.
    ///
    /// # Errors
    /// [`CannotSign`]; nothing must be sent then.
    fn sign_again(
        &self,
        notice: &Notice,
        edited: http::WebhookRequest,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<http::WebhookRequest, CannotSign>;

    /// What of its requests and webhooks nobody may see.
    fn hidden(&self) -> Hidden;

    /// Events that its customers may be told of, to try a receiver with.
    fn samples(&self) -> &'static [Sample];

    /// Of what customers are told whose notices have that form: for notices that are made again from the store.
    fn scope(&self, form: NoticeForm) -> NoticeScope;

    /// How long an endpoint is tried with a notice.
    fn webhook_rules(&self, notice: &Notice) -> WebhookRules;

    /// The request by which a customer sees whether an endpoint takes what we send: by default the one that tests a new URL.
    ///
    /// # Errors
    /// [`CannotSign`]; nothing must be sent then.
    fn webhook_test(
        &self,
        _test: WebhookTest,
        target: WebhookTarget<'_>,
        _moment: Moment,
    ) -> Result<http::WebhookRequest, CannotSign> {
        Ok(self.url_test(target.url))
    }

    /// The request by which a URL that a customer sets is tested: nothing but a GET, unless the vendor's is known.
    fn url_test(&self, url: &str) -> http::WebhookRequest {
        http::WebhookRequest::new("GET", url.to_owned())
    }

    /// What applications are here; `None` if there are none.
    fn applications(&self) -> Option<&dyn Applications> {
        None
    }

    /// What an account may look up later of a request to send that was refused at `at`; `None` for any other request, and for a refusal
    /// that says nothing of the message.
    fn rejection(&self, _request: &HttpRequest<'_>, _refusal: &Refusal, _at: Timestamp) -> Option<RefusedSend> {
        None
    }

    /// The request that a customer's application sends for a text.
    fn client_request(&self, text: &client::Text<'_>) -> client::ClientRequest;

    /// What an answer to that request says.
    fn client_answer(&self, body: &[u8]) -> client::ClientAnswer;

    /// How requests are read for who is at home elsewhere than the API; `None` if they mean the same everywhere.
    fn homes(&self) -> Option<&dyn Homes> {
        None
    }

    /// The customers' hooks; `None` if there are none.
    fn hooks(&self) -> Option<&dyn Hooks> {
        None
    }

    /// The customers' address books; `None` if there are none.
    fn address_book(&self) -> Option<&dyn AddressBook> {
        None
    }

    /// The public form of a message or part id, or of the message's number if it has one.
    fn public_id(&self, id: i64, serial: Option<Serial>) -> String;

    /// Reads a public id back; `None` if the text is not one of this dialect's.
    fn read_public_id(&self, text: &str) -> Option<PublicId>;
}

/// What the public id of a message or part names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicId {
    /// Its id.
    Id(i64),
    /// The message's number.
    Serial(Serial),
}

/// Requests whose meaning hangs on where their account is at home: by local times, by numbers in national form.
pub trait Homes: Send + Sync {
    /// Reads a request once more, now that it is known whose it is. Who calls, and in which form they are answered, stays as it was read.
    fn read_at(&self, request: &HttpRequest<'_>, home: Home, parsed: Parsed) -> Parsed;
}

/// What contacts and groups are in a dialect: documents that nobody else understands.
pub trait AddressBook: Send + Sync {
    /// For each name the numbers that it stands for and none before it does; `None` for the name of no contact and no group, or of
    /// such that have no number. It reads each entry once, and so takes as long for many names as for one.
    fn numbers(
        &self,
        names: &[Box<str>],
        contacts: &[Record],
        groups: &[Record],
        home: &Home,
    ) -> Vec<Option<Vec<PhoneNumber>>>;

    /// How many contacts are in each of the groups. It reads each contact once.
    fn member_counts(&self, contacts: &[Record], groups: &[Record]) -> Vec<u32>;

    /// Whether a contact is in the group with that key.
    fn is_member(&self, contact: &str, group: &str) -> bool;

    /// A contact or group after a change of what it says; `None` if either cannot be read.
    fn patched(&self, document: &str, patch: &str) -> Option<Box<str>>;
}

/// What hooks are in a dialect: documents that nobody else understands, each a place where webhooks of its account go.
pub trait Hooks: Send + Sync {
    /// Where a hook's webhooks go; `None` for a document that cannot be read.
    fn url(&self, document: &str) -> Option<Box<str>>;

    /// Whether a hook wants to hear of that.
    fn wants(&self, document: &str, notice: &Notice) -> bool;
}
