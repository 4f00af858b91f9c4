//! Webhooks: receipts, and texts that came in.

use whimbrel_core::part::Final;
use whimbrel_core::{
    Account, AccountId, AccountRules, AccountStatus, ApplicationId, CaptureOn, Cause, Currency, ForHook,
    HttpMethodChoice, InboundAlphabet, InboundContent, InboundId, InboundPart, InboundTold, MessageClass, MessageId,
    MessageOctets, MessageText, Notice, NoticeForm, NoticeId, PartId, ReceiptStatus, ReceiptTold, Secret, SenderId,
    Serial, SignatureMethod, Signing, Told, Uuid, WebhookSigning,
};
use whimbrel_dialects::{Dialect, HookTarget, Moment, WebhookTarget};
use whimbrel_sms::Udh;

use super::file::{Facts, File, number};
use super::requests::print_headers_and_body;

pub(crate) fn push_webhook(dialect: &dyn Dialect, file: &mut File) {
    let given = Facts(file.get("given"));
    let facts = Facts(file.get("notice"));
    let method = HttpMethodChoice::parse(given.get("method")).expect("a method");
    let mut account = account(given.get("key"), method);
    let (signed_by, secret) =
        given.find("signature").map_or(("", ""), |line| line.split_once(' ').unwrap_or((line, "")));
    if let Some(method) = SignatureMethod::parse(signed_by) {
        account.signing = Signing { method, webhooks: WebhookSigning::Signed };
    }
    let chance = given.find("chance").map_or(0, |digits| u128::from_str_radix(digits, 16).expect("hexadecimal"));
    let notice = notice(&facts, dialect.descriptor().id, account.id);
    let secret = given.find("signature secret").unwrap_or(secret);
    let rules = dialect.webhook_rules(&notice);
    assert!(rules.success.contains(&200) && !rules.success.contains(&400) && rules.is_retried(500));
    let headers = given.find("hook headers").map(Secret::new);
    let target = WebhookTarget {
        url: given.get("url"),
        account: &account,
        hook: given.find("hook").map(|document| HookTarget { document, secret: headers.as_ref() }),
        signature_secret: &Secret::new(secret),
    };
    let out = match dialect.webhook(&notice, target, Moment { now: given.instant("now"), chance }) {
        Ok(request) => {
            let mut out = format!("{} {}", request.method, request.url);
            for (name, value) in &request.custom {
                out.push_str(&format!("\n{name}: {value} (chosen)"));
            }
            print_headers_and_body(&mut out, &request.headers, &request.body);
            out
        }
        Err(why) => format!("not sent: {why}"),
    };
    file.set("webhook", &out);
}

pub(super) fn account(key: &str, webhook_method: HttpMethodChoice) -> Account {
    Account {
        id: AccountId(1),
        key: key.into(),
        name: "Acme".into(),
        currency: Currency::EUR,
        status: AccountStatus::Active,
        default_class: MessageClass::Otp,
        capture_on: CaptureOn::CarrierAccept,
        webhook_method,
        endpoints: Vec::new(),
        rules: AccountRules::default(),
        signing: Default::default(),
        otp: Default::default(),
        policy: Default::default(),
        lists: std::sync::Arc::default(),
    }
}

fn notice(facts: &Facts<'_>, dialect: &str, account_id: AccountId) -> Notice {
    let told = match facts.find("part") {
        Some(_) => Told::Receipt(receipt(facts)),
        None => Told::Inbound(inbound(facts)),
    };
    let happened_at = facts.instant("happened");
    Notice {
        id: NoticeId(7),
        account_id,
        dialect: dialect.into(),
        url: None,
        form: NoticeForm(facts.find("form").map_or(0, |form| form.parse().expect("a number"))),
        application: facts.find("application").map(|id| ApplicationId(Uuid::parse(id).expect("a UUID").0)),
        hook: ForHook::No,
        told,
        happened_at,
        failures: 0,
        first_at: happened_at,
        due_at: happened_at,
    }
}

fn receipt(facts: &Facts<'_>) -> ReceiptTold {
    let part = facts.hex("part");
    ReceiptTold {
        part_id: PartId(part),
        message_id: MessageId(part),
        serial: facts.find("serial").map(|serial| Serial(serial.parse().expect("a number"))),
        part_count: facts.find("parts").map_or(1, |count| count.parse().expect("a number")),
        recipient: number(facts.get("recipient")),
        sender: SenderId::parse(facts.get("sender")).expect("a sender"),
        network: facts.find("network").unwrap_or_default().into(),
        price: facts.money("price"),
        client_ref: facts.find("client-ref").map(Box::from),
        report: Final {
            status: ReceiptStatus::parse(facts.get("status")).expect("a status"),
            cause: Cause::parse(facts.get("cause")).expect("a cause"),
        },
    }
}

fn inbound(facts: &Facts<'_>) -> InboundTold {
    let content = match facts.string("text") {
        Some(text) => {
            let alphabet = match facts.get("alphabet") {
                "GSM 7-bit" => InboundAlphabet::Gsm7,
                "UCS-2" => InboundAlphabet::Ucs2,
                other => panic!("no alphabet `{other}`"),
            };
            InboundContent::Text { text: MessageText::new(text), alphabet }
        }
        None => InboundContent::Binary(MessageOctets::new(facts.octets("data"))),
    };
    let header = facts.octets("header");
    InboundTold {
        id: InboundId(facts.hex("inbound")),
        part_count: facts.find("parts").map_or(1, |count| count.parse().expect("a number")),
        part: InboundPart {
            sender: SenderId::parse(facts.get("sender")).expect("a sender"),
            number: facts.get("number").into(),
            concat: Udh::read_strict(&header).and_then(Udh::concat),
            header: header.into(),
            content,
        },
    }
}
