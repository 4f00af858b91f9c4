//! The API of seven, formerly sms77, as its clients and plugins speak it.
//!
//! Follows the vendor's pages, its schema and its clients for PHP, JavaScript, Python, Go, Ruby and .NET (read 2026-11); where these are
//! silent or disagree, the choice is ours and is said in the dialect's page of the documentation.
//!
//! One path for each resource below `/api`; the method hardly matters, parameters come from anywhere ([`params`]), and the form of an
//! answer depends on what the request accepts ([`answer`]).
//!
//! Not offered, and refused with the code for what a key may not use: calls, RCS, WhatsApp, files, calls on behalf of subaccounts.

mod analytics;
mod answer;
mod balance;
mod claim;
mod client;
mod codes;
mod contacts;
mod hooks;
mod ids;
mod journal;
mod lookup;
mod numbers;
mod params;
mod pricing;
mod reference;
mod signed;
mod sms;
mod status;
mod subaccounts;
mod webhook;
mod zone;

use whimbrel_core::call::account::{AccountCall, AccountOutcome};
use whimbrel_core::call::journal::JournalSide;
use whimbrel_core::call::lookup::Question;
use whimbrel_core::call::record::{Record, RecordKind};
use whimbrel_core::call::totals::TotalsBy;
use whimbrel_core::policy::Signable;
use whimbrel_core::{
    AccountRules, Call, CaptureOn, Cause, Home, MessageClass, MessageOutcome, Notice, NoticeForm, NoticeScope, Outcome,
    PhoneNumber, ReceiptStatus, Refusal, Serial, Timestamp,
};

use crate::client::{ClientAnswer, ClientRequest, Text};
use crate::http::{HttpRequest, HttpResponse, WebhookRequest};
use crate::openapi::Document;
use crate::{
    AddressBook, CannotSign, Descriptor, DevAccount, Dialect, Hidden, Homes, Hooks, Match, Moment, NewAccounts, Parsed,
    PublicId, Reply, Sample, SecretKeyForm, WebhookRules, WebhookTarget, Wording,
};

use self::answer::Wish;
use self::params::Params;

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct Seven;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "seven",
    aliases: &["sms77"],
    title: "seven.io",
    secret_keys: Some(SecretKeyForm { live_prefix: "", test_prefix: "test", digits: 64, signable: Signable::Yes }),
    new_accounts: NewAccounts {
        currency: "EUR",
        class: MessageClass::Bulk,
        capture_on: CaptureOn::CarrierAccept,
        rules: AccountRules::OPEN,
        welcome_credit: None,
    },
    dev_account: DevAccount {
        key: "seven-dev",
        secret: "77de000000000000000000000000000000000000000000000000000000000077",
        test_key: Some("test77de000000000000000000000000000000000000000000000000000000000077"),
        signature_secret: "devSigningKey01abcdefghijklmnopq",
        currency: "EUR",
        ready_file_name: "seven",
    },
    curl_line: "curl {base}/api/sms \
                -H X-Api-Key:77de000000000000000000000000000000000000000000000000000000000077 -d to=4915228817300 \
                -d from=Whimbrel -d \"text=Hello from Whimbrel\"",
    // The host of today's clients (npm @seven.io/client 5.6.0) and those of the time when the vendor was called sms77.
    vendor_hosts: &["gateway.seven.io", "gateway.sms77.io", "gateway.sms77.de"],
    environment: &[
        ("SEVEN_API_KEY", "{secret}"),
        ("SEVEN_SIGNING_SECRET", "{signature_secret}"),
        ("SMS77_API_KEY", "{secret}"),
    ],
};

/// Where all paths begin.
const ROOT: &str = "/api/";
/// Below here stand the versioned paths of others.
const NOT_OURS: &str = "v1";
/// In front of the form of an id that has no number of its own: so none is taken for one.
const ID_MARK: &str = "m";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Send,
    Cancel,
    Balance,
    Status,
    Pricing,
    Hooks,
    Contacts,
    /// In the form of the first clients.
    ContactsOld(contacts::Action),
    Groups,
    Journal(JournalSide),
    Lookup(Question),
    /// `None`: by nothing that there is.
    Analytics(Option<TotalsBy>, analytics::Form),
    Subaccounts,
    Numbers(numbers::Question),
    /// What the vendor has and we do not.
    NotOffered,
    /// A page that leaves open which of several things is meant.
    Unclear,
}

impl Page {
    /// The page of a path and, where the first clients say by a parameter what they want, of that.
    fn of(method: &str, path: &str, params: &Params) -> Option<Self> {
        let mut segments = path.split('/');
        let (first, second, third) = (segments.next()?, segments.next(), segments.next());
        let kind = second.or_else(|| params.get("type"));
        Some(match (first, kind) {
            ("sms", _) if second.is_none() && method == "DELETE" => Self::Cancel,
            ("sms", _) if second.is_none() => Self::Send,
            ("balance", _) if second.is_none() => Self::Balance,
            ("status", _) if second.is_none() => Self::Status,
            ("pricing", _) if second.is_none() => Self::Pricing,
            ("hooks", _) if second.is_none() => Self::Hooks,
            ("contacts", _) if second.is_none() && params.get("action").is_some() => {
                Self::ContactsOld(contacts::Action::of(params.get("action").unwrap_or_default()))
            }
            ("contacts", _) if third.is_none() => Self::Contacts,
            ("groups", _) if third.is_none() => Self::Groups,
            ("journal", Some(kind)) if third.is_none() => Self::Journal(journal::side(kind)?),
            ("lookup", Some("rcs")) if third.is_none() => Self::NotOffered,
            ("lookup", Some(kind)) if third.is_none() => Self::Lookup(lookup::question(kind)?),
            ("analytics", _) if second.is_none() => {
                let by = analytics::grouping(params.get("group_by").unwrap_or("date"));
                Self::Analytics(by, analytics::Form::Parameter)
            }
            ("analytics", Some(name)) if third.is_none() => {
                Self::Analytics(Some(analytics::grouping(name)?), analytics::Form::Path)
            }
            ("journal" | "lookup", None) => Self::Unclear,
            ("subaccounts", _) if third.is_none() => Self::Subaccounts,
            ("numbers", _) => numbers::question(method, second, third).map_or(Self::NotOffered, Self::Numbers),
            ("voice" | "validate_for_voice" | "rcs" | "waba", _) => Self::NotOffered,
            _ => return None,
        })
    }

    /// As the low octet of [`Reply::page`] carries it: only what outcomes alone do not tell apart.
    const fn bits(self) -> u16 {
        match self {
            Self::Contacts => 1,
            Self::Groups => 2,
            Self::Analytics(_, analytics::Form::Parameter) => 3,
            Self::Numbers(numbers::Question::One) => 4,
            Self::ContactsOld(contacts::Action::Read) => 5,
            Self::ContactsOld(_) => 6,
            _ => 0,
        }
    }

    /// Whose records a reply is about; `None`: hooks.
    const fn resource(reply: &Reply) -> Option<RecordKind> {
        match reply.page & 0xff {
            1 => Some(RecordKind::Contact),
            2 => Some(RecordKind::Group),
            _ => None,
        }
    }

    /// What was asked for in the form of the first clients, if it was about contacts.
    const fn old_contacts(reply: &Reply) -> Option<contacts::Action> {
        match reply.page & 0xff {
            5 => Some(contacts::Action::Read),
            // Whatever was written or removed is answered alike.
            6 => Some(contacts::Action::Write),
            _ => None,
        }
    }

    /// Whether one number was asked for.
    const fn is_one_number(reply: &Reply) -> numbers::IsOne {
        match reply.page & 0xff {
            4 => numbers::IsOne::Yes,
            _ => numbers::IsOne::No,
        }
    }

    /// In which form totals were asked for.
    const fn form(reply: &Reply) -> analytics::Form {
        match reply.page & 0xff {
            3 => analytics::Form::Parameter,
            _ => analytics::Form::Path,
        }
    }

    /// Reads what is asked for.
    fn call(self, request: &HttpRequest<'_>, params: &Params, now: Timestamp, home: &Home) -> Result<Call, Refusal> {
        let mut segments = request.path.trim_end_matches('/').split('/').skip(3);
        let (id, below) = (segments.next(), segments.next());
        match self {
            Self::Send => sms::send(request, params, now, home),
            Self::Cancel => sms::cancel(params),
            Self::Balance => Ok(Call::Account(AccountCall::Balance)),
            Self::Status => status::read(params),
            Self::Pricing => pricing::read(params),
            Self::Hooks => hooks::read(request, params),
            Self::Contacts => Ok(contacts::read(RecordKind::Contact, id, request, params)),
            Self::ContactsOld(action) => Ok(contacts::read_old(action, params)),
            Self::Groups => Ok(contacts::read(RecordKind::Group, id, request, params)),
            Self::Journal(side) => journal::read(side, params, home),
            Self::Lookup(question) => lookup::read(question, params, home),
            Self::Analytics(by, _) => analytics::read(by, params, now, home),
            Self::Subaccounts => Ok(subaccounts::read(id.or_else(|| params.get("action")), params)),
            Self::Numbers(question) => numbers::read(question, below, params),
            Self::NotOffered => Err(Refusal::FacilityNotAllowed),
            Self::Unclear => Err(Refusal::Missing { field: "type" }),
        }
    }
}

/// A number as every page reads it.
fn sms_number(text: &str, home: &Home) -> Option<PhoneNumber> {
    sms::number(text, home)
}

/// By the event's name, and the word of the status.
const SAMPLES: &[Sample] = &[
    Sample::receipt("dlr.delivered", NoticeForm(0), ReceiptStatus::Delivered, Cause::None),
    Sample::receipt("dlr.accepted", NoticeForm(0), ReceiptStatus::Accepted, Cause::None),
    Sample::receipt("dlr.expired", NoticeForm(0), ReceiptStatus::Expired, Cause::AbsentForNow),
    Sample::receipt("dlr.failed", NoticeForm(0), ReceiptStatus::Failed, Cause::AbsentForGood),
    Sample::receipt("dlr.rejected", NoticeForm(0), ReceiptStatus::Rejected, Cause::SenderFilter),
    Sample::inbound("sms_mo", NoticeForm(0)),
];

impl Dialect for Seven {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn reference(&self) -> Document {
        reference::document()
    }

    fn read(&self, request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
        let Some(path) = request.path.strip_prefix(ROOT) else { return Match::NotMine };
        if path.split('/').next() == Some(NOT_OURS) {
            return Match::NotMine;
        }
        if !matches!(request.method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            return Match::Answered(answer::wrong_method());
        }
        let (params, unreadable) = match Params::read(request.query(), request.body) {
            Ok(params) => (params, None),
            // Whoever says in the query who they are is known, whatever the body is.
            Err(refusal) => (Params::read(request.query(), b"").unwrap_or_default(), Some(refusal)),
        };
        let Some(page) = Page::of(request.method, path.trim_end_matches('/'), &params) else {
            return Match::Answered(answer::nothing_here());
        };
        let reply = Reply {
            page: Wish::of(request, &params).bits() | page.bits(),
            trace_id: format!("{trace_id:032x}").into(),
            host: request.host_kind(),
            now,
            wording: Wording::default(),
            home: Home::default(),
        };
        let call = match unreadable {
            Some(refusal) => Err(refusal),
            None => page.call(request, &params, now, &reply.home),
        };
        Match::Parsed(Box::new(Parsed { claim: claim::read(request, &params), call, reply }))
    }

    fn render(&self, outcome: &Outcome, reply: &Reply) -> HttpResponse {
        match outcome {
            Outcome::SentMany(sent) => sms::sent(sent, reply),
            Outcome::Message(MessageOutcome::Cancelled(ids)) => sms::cancelled(ids),
            Outcome::Message(MessageOutcome::Progress(found)) => status::render(found, reply),
            Outcome::Account(AccountOutcome::Balance { available, .. }) => balance::render(*available, reply),
            Outcome::Prices(prices) => pricing::render(prices, reply),
            Outcome::Record(outcome) => match (Page::old_contacts(reply), Page::resource(reply)) {
                (Some(action), _) => contacts::render_old(action, outcome, reply),
                (None, Some(kind)) => contacts::render(kind, outcome, reply),
                (None, None) => hooks::render(outcome, reply),
            },
            Outcome::Journal(outcome) => journal::render(outcome, reply),
            Outcome::Totals(outcome) => analytics::render(outcome, Page::form(reply), reply),
            Outcome::Lookup(outcome) => lookup::render(outcome, reply),
            Outcome::Subaccounts(outcome) => subaccounts::render(outcome),
            Outcome::Numbers(outcome) => {
                numbers::render(outcome, Page::is_one_number(reply)).unwrap_or_else(answer::nothing_here)
            }
            Outcome::Faulty(faulty) => contacts::refused(faulty, reply)
                .or_else(|| subaccounts::refused(faulty))
                .unwrap_or_else(|| hooks::refused(faulty)),
            Outcome::Refused(refusal) => answer::refused(refusal, reply),
            // No call of this dialect comes to any of these.
            Outcome::Sent(_)
            | Outcome::Account(_)
            | Outcome::History(_)
            | Outcome::Application(_)
            | Outcome::Message(_)
            | Outcome::Secrets(_)
            | Outcome::Oauth(_) => answer::refused(&Refusal::Internal, reply),
        }
    }

    fn webhook(
        &self,
        notice: &Notice,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        webhook::webhook(notice, target, moment)
    }

    fn sign_again(
        &self,
        _notice: &Notice,
        edited: WebhookRequest,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        Ok(webhook::sign_again(edited, target, moment))
    }

    fn hidden(&self) -> Hidden {
        // The password of the oldest way to log in, in whose place the key stands here.
        Hidden { parameters: &["p", "api_key", "apikey"], headers: &["x-api-key", "x-signature"] }
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }

    fn scope(&self, _form: NoticeForm) -> NoticeScope {
        NoticeScope::Progress
    }

    fn webhook_rules(&self, _notice: &Notice) -> WebhookRules {
        webhook::rules()
    }

    fn homes(&self) -> Option<&dyn Homes> {
        Some(self)
    }

    fn hooks(&self) -> Option<&dyn Hooks> {
        Some(self)
    }

    fn address_book(&self) -> Option<&dyn AddressBook> {
        Some(self)
    }

    fn client_request(&self, text: &Text<'_>) -> ClientRequest {
        client::request(text)
    }

    fn client_answer(&self, body: &[u8]) -> ClientAnswer {
        client::answer(body)
    }

    fn public_id(&self, id: i64, serial: Option<Serial>) -> String {
        serial.map_or_else(|| format!("{ID_MARK}{id:015x}"), ids::text)
    }

    fn read_public_id(&self, text: &str) -> Option<PublicId> {
        let digits = text.strip_prefix(ID_MARK).filter(|digits| digits.len() == 15);
        match digits {
            Some(digits) => i64::from_str_radix(digits, 16).ok().filter(|id| *id >= 0).map(PublicId::Id),
            None => ids::serial(text).map(PublicId::Serial),
        }
    }
}

impl Homes for Seven {
    fn read_at(&self, request: &HttpRequest<'_>, home: Home, parsed: Parsed) -> Parsed {
        let Parsed { claim, mut call, reply } = parsed;
        let path = request.path.strip_prefix(ROOT).unwrap_or_default().trim_end_matches('/');
        // What could not be read the first time cannot be read now.
        if let Ok(params) = Params::read(request.query(), request.body)
            && let Some(page) = Page::of(request.method, path, &params)
        {
            call = page.call(request, &params, reply.now, &home);
        }
        Parsed { claim, call, reply: Reply { home, ..reply } }
    }
}

impl AddressBook for Seven {
    fn numbers(
        &self,
        names: &[Box<str>],
        contacts: &[Record],
        groups: &[Record],
        home: &Home,
    ) -> Vec<Option<Vec<PhoneNumber>>> {
        contacts::numbers(names, contacts, groups, home)
    }

    fn member_counts(&self, contacts: &[Record], groups: &[Record]) -> Vec<u32> {
        contacts::member_counts(contacts, groups)
    }

    fn is_member(&self, contact: &str, group: &str) -> bool {
        contacts::is_member(contact, group)
    }

    fn patched(&self, document: &str, patch: &str) -> Option<Box<str>> {
        contacts::patched(document, patch)
    }
}

impl Hooks for Seven {
    fn url(&self, document: &str) -> Option<Box<str>> {
        hooks::Hook::read(document).map(|hook| hook.target_url)
    }

    fn wants(&self, document: &str, notice: &Notice) -> bool {
        hooks::Hook::read(document).is_some_and(|hook| hook.wants(notice))
    }
}
