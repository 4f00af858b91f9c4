//! The API of Nexo Route: one-time codes to Vietnamese numbers. The customer brings the code; we send it as a text.
//!
//! Follows the vendor's guide "Send OTP from cURL" and its API reference, Node.js guide and use-case pages (read 2026). Where these
//! are silent, the choice is ours and is said in the dialect's page of the documentation. At the vendor a call may read the code
//! aloud; nothing in request or answer tells the channel, and here it is a text.

mod amount;
mod answer;
mod carrier;
mod client;
mod outcome;
mod phone;
mod read;
mod reference;
mod refusal;
mod webhook;

#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;

use whimbrel_core::account::{AccountRules, CaptureOn};
use whimbrel_core::policy::Signable;
use whimbrel_core::time::Civil;
use whimbrel_core::{
    Cause, MessageClass, Notice, NoticeForm, NoticeScope, Outcome, ReceiptStatus, Serial, Timestamp, Uuid,
};

use crate::client::{ClientAnswer, ClientRequest, Text};
use crate::http::{HttpRequest, HttpResponse, WebhookRequest};
use crate::openapi::Document;
use crate::{
    CannotSign, Descriptor, DevAccount, Dialect, Hidden, Match, Moment, NewAccounts, PublicId, Reply, Sample,
    SecretKeyForm, WebhookRules, WebhookTarget, WebhookTest,
};

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct Nexo;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "nexo",
    aliases: &["nexoroute"],
    title: "Nexo Route",
    // The vendor shows `sk_live_8f2e...1c4d`; the length is ours.
    secret_keys: Some(SecretKeyForm {
        live_prefix: "sk_live_",
        test_prefix: "sk_test_",
        digits: 48,
        signable: Signable::No,
    }),
    new_accounts: NewAccounts {
        currency: "USD",
        class: MessageClass::Otp,
        // "Charge only when the code reaches the user" (a use-case page): what a failed one held is given back.
        capture_on: CaptureOn::Delivery,
        // Ours: the vendor names no limits. The loop of its FAQ over 1,000 lines must not meet one.
        rules: AccountRules {
            requests_per_second_max: 20,
            requests_burst_max: 1_000,
            recipient_seconds_min: 20,
            recipient_per_hour_max: 10,
            ..AccountRules::OPEN
        },
        // Five codes at 0.022.
        welcome_credit: Some("0.110"),
    },
    dev_account: DevAccount {
        key: "devnexo1",
        secret: "sk_live_0de000000000000000000000000000000000000000000001",
        test_key: Some("sk_test_0de000000000000000000000000000000000000000000001"),
        signature_secret: "your_plaintext_webhook_secret",
        currency: "USD",
        ready_file_name: "nexo",
    },
    curl_line: "curl -X POST {base}/api/v1/send-otp \
                -H \"Authorization: Bearer sk_live_0de000000000000000000000000000000000000000000001\" \
                -H \"Content-Type: application/json\" -d '{\"phone\":\"+84980000000\",\"code\":\"482917\"}'",
    vendor_hosts: &["nexoroute.dev"],
    // The vendor has no client; its guide's commands read the key from here.
    environment: &[("NEXO_KEY", "{secret}")],
};

/// A number for trying out, and its network.
const HANDSET: (&str, &str) = ("84980000000", "45204");

/// The events of the guide, and those whose `error_code` tells why a code did not arrive.
const SAMPLES: &[Sample] = &[
    Sample::receipt("otp.delivered", NoticeForm(0), ReceiptStatus::Delivered, Cause::None).of(HANDSET),
    Sample::receipt("otp.failed", NoticeForm(0), ReceiptStatus::Failed, Cause::AbsentForNow).of(HANDSET),
    Sample::receipt("otp.failed.expired", NoticeForm(0), ReceiptStatus::Expired, Cause::AbsentForNow).of(HANDSET),
    Sample::receipt("otp.failed.rejected", NoticeForm(0), ReceiptStatus::Rejected, Cause::SenderFilter).of(HANDSET),
];

impl Dialect for Nexo {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn reference(&self) -> Document {
        reference::document()
    }

    fn read(&self, request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
        read::read(request, trace_id, now)
    }

    fn render(&self, outcome: &Outcome, reply: &Reply) -> HttpResponse {
        outcome::render(outcome, reply)
    }

    fn webhook(
        &self,
        notice: &Notice,
        target: WebhookTarget<'_>,
        _moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        webhook::webhook(notice, target)
    }

    fn sign_again(
        &self,
        _notice: &Notice,
        edited: WebhookRequest,
        target: WebhookTarget<'_>,
        _moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        webhook::sign_again(edited, target)
    }

    fn hidden(&self) -> Hidden {
        // The code is a secret wherever it stands.
        Hidden { parameters: &["code"], headers: &["x-nexo-signature"] }
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }

    fn scope(&self, _form: NoticeForm) -> NoticeScope {
        NoticeScope::End
    }

    fn webhook_rules(&self, _notice: &Notice) -> WebhookRules {
        webhook::rules()
    }

    fn webhook_test(
        &self,
        test: WebhookTest,
        target: WebhookTarget<'_>,
        moment: Moment,
    ) -> Result<WebhookRequest, CannotSign> {
        webhook::test(test, target, moment.now)
    }

    fn client_request(&self, text: &Text<'_>) -> ClientRequest {
        client::request(text)
    }

    fn client_answer(&self, body: &[u8]) -> ClientAnswer {
        client::answer(body)
    }

    fn public_id(&self, id: i64, _serial: Option<Serial>) -> String {
        Uuid::of_id(id).to_string()
    }

    fn read_public_id(&self, text: &str) -> Option<PublicId> {
        Uuid::parse(text).and_then(Uuid::id).map(PublicId::Id)
    }
}

/// An instant as the vendor writes it, to the second: `2026-05-26T10:00:00Z`.
fn instant(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = at.civil();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A text as a header's value.
fn header(value: impl Into<Cow<'static, str>>) -> Cow<'static, str> {
    value.into()
}
