//! Answers of the Numbers API. Fields that are not set are left out; an empty list is an empty object, as the vendor's libraries expect.

use whimbrel_core::call::numbers::{NumberKind, NumbersOutcome, NumbersRefusal, OwnedEntry, SaleEntry};
use whimbrel_core::money::UNITS_PER_WHOLE;
use whimbrel_core::{Money, Outcome, Refusal};

use super::super::developer::body::{Object, Xml};
use super::super::developer::fault::{Fault, success};
use super::super::developer::{self, answer, is_xml};
use super::Page;
use crate::Reply;
use crate::http::HttpResponse;

const LIST: &str = "inbound-numbers";

/// The answer to a request of this API.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let page = Page::ALL.get(usize::from(developer::page(reply))).copied().unwrap_or(Page::Owned);
    let refused = |fault: Fault| match page {
        Page::Owned | Page::OnSale => fault.answer(reply, LIST),
        Page::Buy | Page::Cancel | Page::Update => fault.answer(reply, "response"),
    };
    match outcome {
        Outcome::Numbers(NumbersOutcome::Owned(numbers, count)) => {
            answer(reply, 200, list(numbers, *count, reply, owned, owned_in_xml))
        }
        Outcome::Numbers(NumbersOutcome::OnSale(numbers, count)) => {
            answer(reply, 200, list(numbers, *count, reply, on_sale, on_sale_in_xml))
        }
        Outcome::Numbers(NumbersOutcome::Done) => success(reply),
        Outcome::Numbers(NumbersOutcome::Refused(refusal)) => refused(fault(*refusal)),
        // Captured of purchases: a number or a country that cannot be is one that is not for sale.
        Outcome::Refused(Refusal::Invalid { field: "country" | "msisdn" })
            if matches!(page, Page::Buy | Page::Cancel | Page::Update) =>
        {
            refused(Fault::METHOD_FAILED)
        }
        Outcome::Refused(refusal) => refused(Fault::of(refusal)),
        _ => refused(Fault::INTERNAL),
    }
}

const fn fault(refusal: NumbersRefusal) -> Fault {
    match refusal {
        NumbersRefusal::NotForSale
        | NumbersRefusal::NotOwned
        | NumbersRefusal::InsufficientFunds
        | NumbersRefusal::OtherAccount
        | NumbersRefusal::UnknownApplication => Fault::METHOD_FAILED,
        NumbersRefusal::EndpointUnreachable => Fault::UNREACHABLE,
    }
}

fn list<T>(
    numbers: &[T],
    count: u64,
    reply: &Reply,
    object: impl Fn(&T) -> Object,
    elements: impl Fn(&mut Xml, &T),
) -> Vec<u8> {
    match (is_xml(reply), numbers.is_empty()) {
        (false, true) => Object::new().close(),
        (false, false) => Object::new().bare("count", count).objects("numbers", numbers.iter().map(object)).close(),
        (true, true) => Xml::document(LIST, |_| {}),
        (true, false) => Xml::document(LIST, |xml| {
            xml.bare("count", count);
            numbers.iter().for_each(|number| xml.within("numbers", |xml| elements(xml, number)));
        }),
    }
}

const fn kind(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Mobile => "mobile-lvn",
        NumberKind::Landline => "landline",
        NumberKind::TollFree => "landline-toll-free",
    }
}

/// What calls and the Messages API do with a number: of its own, or because an application has it.
struct Callbacks<'a> {
    application: Option<&'a str>,
    voice: Option<(&'a str, &'a str)>,
}

impl<'a> Callbacks<'a> {
    fn of(entry: &'a OwnedEntry) -> Self {
        let application = entry.settings.application.as_deref();
        let own = entry.settings.voice_kind.as_deref().zip(entry.settings.voice_value.as_deref());
        Self { application, voice: own.or(application.map(|id| ("app", id))) }
    }
}

fn owned(entry: &OwnedEntry) -> Object {
    let settings = &entry.settings;
    let callbacks = Callbacks::of(entry);
    Object::new()
        .text_if("country", entry.country.as_ref().map(|country| country.as_str()))
        .text("msisdn", &entry.number)
        .text_if("moHttpUrl", settings.inbound_url.as_deref())
        .text("type", kind(entry.kind))
        .texts("features", entry.features.names())
        .text_if("messagesCallbackType", callbacks.application.map(|_| "app"))
        .text_if("messagesCallbackValue", callbacks.application)
        .text_if("voiceCallbackType", callbacks.voice.map(|(kind, _)| kind))
        .text_if("voiceCallbackValue", callbacks.voice.map(|(_, value)| value))
        .text_if("voiceStatusCallback", settings.voice_status_url.as_deref())
        .text_if("moSmppSysType", settings.system_type.as_deref())
        .text_if("app_id", callbacks.application)
}

fn owned_in_xml(xml: &mut Xml, entry: &OwnedEntry) {
    let settings = &entry.settings;
    let callbacks = Callbacks::of(entry);
    xml.text_if("country", entry.country.as_ref().map(|country| country.as_str()));
    xml.text("msisdn", &entry.number);
    xml.text_if("mo-http-url", settings.inbound_url.as_deref());
    xml.text("type", kind(entry.kind));
    xml.within("features", |xml| entry.features.names().for_each(|name| xml.text("feature", name)));
    xml.text_if("voice-callback-type", callbacks.voice.map(|(kind, _)| kind));
    xml.text_if("voice-callback-value", callbacks.voice.map(|(_, value)| value));
    xml.text_if("voice-status-callback", settings.voice_status_url.as_deref());
    xml.text_if("messages-callback-type", callbacks.application.map(|_| "app"));
    xml.text_if("messages-callback-value", callbacks.application);
    xml.text_if("mo-smpp-sys-type", settings.system_type.as_deref());
    xml.text_if("app-id", callbacks.application);
}

fn on_sale(entry: &SaleEntry) -> Object {
    Object::new()
        .text("country", entry.country.as_str())
        .text("msisdn", &entry.number)
        .text("cost", &two_decimals(entry.monthly))
        .text("type", kind(entry.kind))
        .texts("features", entry.features.names())
}

fn on_sale_in_xml(xml: &mut Xml, entry: &SaleEntry) {
    xml.text("country", entry.country.as_str());
    xml.text("msisdn", &entry.number);
    xml.text("cost", &two_decimals(entry.monthly));
    xml.text("type", kind(entry.kind));
    xml.within("features", |xml| entry.features.names().for_each(|name| xml.text("feature", name)));
}

/// An amount in hundredths, rounded up: a customer is never told less than it costs.
fn two_decimals(money: Money) -> String {
    let units_per_cent = UNITS_PER_WHOLE.unsigned_abs() / 100;
    let cents = money.units.max(0).unsigned_abs().div_ceil(units_per_cent);
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Currency;

    use super::*;

    #[test]
    fn a_cost_has_two_decimals() {
        let cost = |text| two_decimals(Money::parse(text, Currency::EUR).expect("an amount"));
        for (amount, expected) in
            [("1.25", "1.25"), ("1", "1.00"), ("0", "0.00"), ("0.001", "0.01"), ("12.999", "13.00")]
        {
            assert_eq!(cost(amount), expected);
        }
    }
}
