//! The APIs of Nexmo, today Vonage, as their clients speak them: a folder for each, and beside them what they share.
//!
//! Follows the vendor's references and captured exchanges (read 2026-11); where these are silent, the choice is ours and is said
//! in the dialect's page of the documentation.
//!
//! Not offered, and refused as the vendor refuses: push messages, cards and calendar entries.

mod account;
mod answer;
mod applications;
mod claim;
mod client;
mod developer;
mod escape;
mod instant;
mod messages;
mod numbers;
mod oauth;
mod params;
mod pricing;
mod problem;
mod reference;
mod search;
mod secrets;
mod signed;
mod sms;
mod token;
mod url;

use whimbrel_core::account::CaptureOn;
use whimbrel_core::call::history::RefusedSend;
use whimbrel_core::{
    AccountRules, ApplicationFacts, Cause, FieldFault, MessageClass, Notice, NoticeForm, NoticeScope, Outcome,
    ReceiptStatus, Refusal, Serial, Timestamp, Uuid,
};

use crate::client::{ClientAnswer, ClientRequest, Text};
use crate::http::{HttpRequest, HttpResponse, WebhookRequest};
use crate::openapi::Document;
use crate::{
    Applications, CannotSign, Descriptor, DevAccount, Dialect, Hidden, Match, Moment, NewAccounts, PublicId, Reply,
    Sample, WebhookRules, WebhookTarget, own,
};

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct Nexmo;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "nexmo",
    aliases: &["vonage"],
    title: "Nexmo/Vonage",
    secret_keys: None,
    new_accounts: NewAccounts {
        currency: "EUR",
        class: MessageClass::Bulk,
        capture_on: CaptureOn::CarrierAccept,
        rules: AccountRules::OPEN,
        welcome_credit: None,
    },
    // Eight characters: the vendor's Go library sends no other key.
    dev_account: DevAccount {
        key: "devkey01",
        secret: "devSecret01",
        test_key: None,
        signature_secret: "devSignatureSecret01abcdefghijkl",
        currency: "EUR",
        ready_file_name: "account",
    },
    curl_line: "curl {base}/sms/json -d api_key=devkey01 -d api_secret=devSecret01 -d to=447700900000 -d from=Whimbrel \
                -d \"text=Hello from Whimbrel\"",
    // The hosts of the vendor's SDKs (PyPI vonage 4.9.1, npm @vonage/server-sdk 3.30.1, read 2026), of its pages, and of its regions.
    vendor_hosts: &[
        "rest.nexmo.com",
        "api.nexmo.com",
        "api.vonage.com",
        "api-us.vonage.com",
        "api-eu.vonage.com",
        "api-ap.vonage.com",
        "api-us-1.nexmo.com",
        "api-us-2.nexmo.com",
        "api-eu-1.nexmo.com",
        "api-eu-2.nexmo.com",
        "api-ap-1.nexmo.com",
        "api-ap-2.nexmo.com",
    ],
    // The names in the samples of the vendor's SDKs, the older names before them, and the DSN of Symfony's notifier.
    environment: &[
        ("VONAGE_API_KEY", "{key}"),
        ("VONAGE_API_SECRET", "{secret}"),
        ("VONAGE_SIGNATURE_SECRET", "{signature_secret}"),
        ("NEXMO_API_KEY", "{key}"),
        ("NEXMO_API_SECRET", "{secret}"),
        ("NEXMO_SIGNATURE_SECRET", "{signature_secret}"),
        ("VONAGE_DSN", "vonage://{key}:{secret}@{https_host}?from=Whimbrel"),
    ],
};

/// The digit in front of the 15 that an id of 60 bits has. A letter, so that no client and no spreadsheet takes the whole for
/// a decimal number; and always the same one, so that the form is a bijection.
const ID_LETTER: u8 = b'A';
const ID_MASK: u64 = (1 << whimbrel_core::id::ID_BITS) - 1;

const TRACE_ID_CHARS_MAX: usize = 64;

/// How an API reads a request: one whose path is not its own is not its to answer.
type ReadApi = fn(&HttpRequest<'_>, u128, Timestamp) -> Match;

/// In the order in which paths are tried: what is asked most comes first.
const APIS: &[ReadApi] = &[
    sms::read,
    messages::read,
    account::read,
    pricing::read,
    numbers::read,
    search::read,
    applications::read,
    secrets::read,
    oauth::read,
];

/// The APIs of the vendor that are spoken here: a folder each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    /// `/sms/*`: texts and their receipts.
    Sms,
    /// `/account/get-balance`, `top-up` and `settings`.
    Account,
    /// `/account/get-*pricing/*`: prices.
    Pricing,
    /// `/account/numbers` and `/number/*`: numbers, owned and for sale.
    Numbers,
    /// `/search/*`: what was sent, came in or was refused.
    Search,
    /// `/v2/applications`: applications and their keys.
    Applications,
    /// `/v1/messages`: texts by the API of all channels.
    Messages,
    /// `/accounts/{key}/secrets`: what authenticates an account.
    Secrets,
    /// `/oauth/*`: tokens by which others call on behalf of an account.
    Oauth,
}

impl Api {
    /// All of them, each at the place of its number.
    const ALL: &[Self] = &[
        Self::Sms,
        Self::Account,
        Self::Pricing,
        Self::Numbers,
        Self::Search,
        Self::Applications,
        Self::Messages,
        Self::Secrets,
        Self::Oauth,
    ];

    /// As the high octet of [`Reply::page`] carries it.
    const fn number(self) -> u16 {
        self as u16
    }

    /// Of a reply that this dialect made.
    fn of(reply: &Reply) -> Self {
        Self::ALL.get(usize::from(reply.page >> 8)).copied().unwrap_or(Self::Sms)
    }
}

/// What the answer to `request` needs to know: the caller's trace id if there is a sane one, else `trace_id`.
fn reply(request: &HttpRequest<'_>, api: Api, form: answer::Form, trace_id: u128, now: Timestamp) -> Reply {
    let given = request.header("x-nexmo-trace-id").filter(|given| own::is_visible(given, TRACE_ID_CHARS_MAX));
    let trace_id = given.map_or_else(|| format!("{trace_id:032x}").into(), Box::from);
    Reply {
        page: api.number() << 8 | form.number(),
        trace_id,
        host: request.host_kind(),
        now,
        wording: Default::default(),
        home: Default::default(),
    }
}

/// By the word of the status, as each API spells it.
const SAMPLES: &[Sample] = &[
    Sample::receipt("dlr.delivered", messages::form::SMS, ReceiptStatus::Delivered, Cause::None),
    Sample::receipt("dlr.accepted", messages::form::SMS, ReceiptStatus::Accepted, Cause::None),
    Sample::receipt("dlr.buffered", messages::form::SMS, ReceiptStatus::Buffered, Cause::None),
    Sample::receipt("dlr.expired", messages::form::SMS, ReceiptStatus::Expired, Cause::AbsentForNow),
    Sample::receipt("dlr.failed", messages::form::SMS, ReceiptStatus::Failed, Cause::AbsentForGood),
    Sample::receipt("dlr.rejected", messages::form::SMS, ReceiptStatus::Rejected, Cause::SenderFilter),
    Sample::inbound("inbound", messages::form::SMS),
    Sample::receipt("messages.submitted", messages::form::V1, ReceiptStatus::Accepted, Cause::None),
    Sample::receipt("messages.delivered", messages::form::V1, ReceiptStatus::Delivered, Cause::None),
    Sample::receipt("messages.undeliverable", messages::form::V1, ReceiptStatus::Failed, Cause::AbsentForGood),
    Sample::receipt("messages.rejected", messages::form::V1, ReceiptStatus::Rejected, Cause::SenderFilter),
    Sample::inbound("messages.inbound", messages::form::V1),
];

impl Dialect for Nexmo {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn reference(&self) -> Document {
        reference::document()
    }

    fn read(&self, request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
        let read = |api: ReadApi| api(request, trace_id, now);
        APIS.iter().map(|api| read(*api)).find(|read| !matches!(read, Match::NotMine)).unwrap_or(Match::NotMine)
    }

    fn render(&self, outcome: &Outcome, reply: &Reply) -> HttpResponse {
        match Api::of(reply) {
            Api::Sms => sms::render(outcome, reply),
            Api::Account => account::render(outcome, reply),
            Api::Pricing => pricing::render(outcome, reply),
            Api::Numbers => numbers::render(outcome, reply),
            Api::Search => search::render(outcome, reply),
            Api::Applications => applications::render(outcome, reply),
            Api::Messages => messages::render(outcome, reply),
            Api::Secrets => secrets::render(outcome, reply),
            Api::Oauth => oauth::render(outcome, reply),
        }
    }

    fn webhook(
        &self,
        notice: &Notice,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        match notice.form {
            messages::form::SMS => sms::webhook(notice, target, moment),
            _ => messages::webhook(notice, target, moment),
        }
    }

    fn sign_again(
        &self,
        notice: &Notice,
        edited: WebhookRequest,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        match notice.form {
            messages::form::SMS => sms::sign_again(edited, target, moment),
            _ => messages::sign_again(notice, edited, target, moment),
        }
    }

    fn hidden(&self) -> Hidden {
        Hidden {
            parameters: &[
                "api_secret",
                "sig",
                "oauth_signature",
                "oauth_token",
                "oauth_token_secret",
                "oauth_verifier",
                "newsecret",
                "private_key",
            ],
            headers: &[],
        }
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }

    fn scope(&self, form: NoticeForm) -> NoticeScope {
        match form {
            messages::form::SMS => NoticeScope::Part,
            _ => NoticeScope::Message,
        }
    }

    fn webhook_rules(&self, notice: &Notice) -> WebhookRules {
        match notice.form {
            messages::form::SMS => sms::rules(notice.endpoint()),
            _ => messages::rules(),
        }
    }

    fn applications(&self) -> Option<&dyn Applications> {
        Some(self)
    }

    fn url_test(&self, url: &str) -> WebhookRequest {
        sms::url_test(url)
    }

    fn rejection(&self, request: &HttpRequest<'_>, refusal: &Refusal, at: Timestamp) -> Option<RefusedSend> {
        sms::rejection(request, refusal, at)
    }

    fn client_request(&self, text: &Text<'_>) -> ClientRequest {
        client::request(text)
    }

    fn client_answer(&self, body: &[u8]) -> ClientAnswer {
        client::answer(body)
    }

    fn public_id(&self, id: i64, _serial: Option<Serial>) -> String {
        id_text(id)
    }

    fn read_public_id(&self, text: &str) -> Option<PublicId> {
        // The newer APIs name the same message by a UUID.
        Uuid::parse(text).map_or_else(|| read_id(text), Uuid::id).map(PublicId::Id)
    }
}

impl Applications for Nexmo {
    fn facts(&self, document: &str) -> ApplicationFacts {
        applications::facts(document)
    }

    fn document(&self, facts: &ApplicationFacts) -> Result<Box<str>, Vec<FieldFault>> {
        applications::written(facts)
    }
}

/// The id that a text names; `None` if the text is no id of ours.
fn read_id(text: &str) -> Option<i64> {
    let (letter, digits) = text.as_bytes().split_first()?;
    if !letter.eq_ignore_ascii_case(&ID_LETTER) || digits.len() != 15 {
        return None;
    }
    digits.iter().try_fold(0, |id, digit| Some(id << 4 | i64::from(char::from(*digit).to_digit(16)?)))
}

/// An id as a text.
fn id_text(id: i64) -> String {
    id_digits(id).iter().map(|digit| char::from(*digit)).collect()
}

/// The 16 upper-case hexadecimal digits of an id, as `0C000000A310D8CA` of the captured answer.
fn id_digits(id: i64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let id = id as u64 & ID_MASK;
    let mut digits = [ID_LETTER; 16];
    for (place, digit) in digits.iter_mut().rev().take(15).enumerate() {
        *digit = DIGITS[(id >> (4 * place) & 0xf) as usize];
    }
    digits
}
