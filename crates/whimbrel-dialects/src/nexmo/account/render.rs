//! Answers of the Account API.

use std::borrow::Cow;
use std::fmt;

use whimbrel_core::call::account::{AccountOutcome, AccountRefusal, Reload, Settings};
use whimbrel_core::{Money, Outcome, Refusal};

use super::super::developer::body::{Object, Xml};
use super::super::developer::fault::{Fault, pair, pair_in_xml, success};
use super::super::developer::{self, answer, is_xml};
use super::Page;
use crate::Reply;
use crate::http::HttpResponse;

/// What the settings say of an account without a limit: the largest number that every client library reads.
const NO_LIMIT: i32 = i32::MAX;

/// The answer to a request of this API.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let page = Page::ALL.get(usize::from(developer::page(reply))).copied().unwrap_or(Page::Balance);
    match outcome {
        Outcome::Account(AccountOutcome::Balance { available, reload, .. }) => balance(*available, *reload, reply),
        Outcome::Account(AccountOutcome::ToppedUp) => success(reply),
        Outcome::Account(AccountOutcome::Settings(settings)) => shown(settings, reply),
        Outcome::Account(AccountOutcome::Refused(refusal)) => refused(page, &fault(*refusal), reply),
        Outcome::Refused(Refusal::FacilityNotAllowed) if page == Page::Settings => {
            let label = "newSecret is not offered: add and revoke secrets at /accounts/{api_key}/secrets";
            refused(page, &Fault::Code(420, Cow::Borrowed(label)), reply)
        }
        Outcome::Refused(refusal) => refused(page, &Fault::of(refusal), reply),
        _ => refused(page, &Fault::INTERNAL, reply),
    }
}

const fn fault(refusal: AccountRefusal) -> Fault {
    match refusal {
        AccountRefusal::NoReload => Fault::Code(401, Cow::Borrowed("not auto-reload enabled")),
        AccountRefusal::ReloadUsedUp => Fault::Code(420, Cow::Borrowed("topup failed")),
        AccountRefusal::EndpointUnreachable => Fault::UNREACHABLE,
    }
}

fn refused(page: Page, fault: &Fault, reply: &Reply) -> HttpResponse {
    match (page, fault) {
        (Page::Balance, _) => fault.answer(reply, "accountBalance"),
        (Page::TopUp, _) => fault.answer(reply, "response"),
        // As captured of 420: the numbers are there, and say nothing.
        (Page::Settings, Fault::Code(420, label)) => {
            let body = match is_xml(reply) {
                false => pair(limits(Object::new(), 0), 420, label).close(),
                true => Xml::document("account-settings", |xml| {
                    limits_in_xml(xml, 0);
                    pair_in_xml(xml, 420, label);
                }),
            };
            answer(reply, 420, body)
        }
        (Page::Settings, _) => fault.answer(reply, "account-settings"),
    }
}

/// JSON has a number, XML eight decimals.
fn balance(available: Money, reload: Reload, reply: &Reply) -> HttpResponse {
    let reloads = reload == Reload::Arranged;
    let body = match is_xml(reply) {
        false => Object::new().bare("value", Short(available)).bare("autoReload", reloads).close(),
        true => Xml::document("accountBalance", |xml| {
            xml.text("value", &available.eight_decimals());
            xml.bare("autoReload", reloads);
        }),
    };
    answer(reply, 200, body)
}

fn shown(settings: &Settings, reply: &Reply) -> HttpResponse {
    let limit = match settings.requests_per_second_max {
        0 => NO_LIMIT,
        limit => i32::try_from(limit).unwrap_or(NO_LIMIT),
    };
    let urls = [("mo-callback-url", &*settings.inbound_url), ("dr-callback-url", &*settings.receipt_url)];
    let body = match is_xml(reply) {
        false => {
            let object = urls.iter().fold(Object::new(), |object, (name, url)| object.text(name, url));
            limits(object, limit).close()
        }
        true => Xml::document("account-settings", |xml| {
            urls.iter().for_each(|(name, url)| xml.text(name, url));
            limits_in_xml(xml, limit);
        }),
    };
    answer(reply, 200, body)
}

const LIMITS: [&str; 3] = ["max-outbound-request", "max-inbound-request", "max-calls-per-second"];

fn limits(object: Object, limit: i32) -> Object {
    LIMITS.iter().fold(object, |object, name| object.bare(name, limit))
}

fn limits_in_xml(xml: &mut Xml, limit: i32) {
    LIMITS.iter().for_each(|name| xml.bare(name, limit));
}

/// An amount as the service prints it as a number: no zeros at the end but one after the point.
struct Short(Money);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let long = self.0.eight_decimals();
        let short = long.trim_end_matches('0');
        match short.ends_with('.') {
            true => write!(f, "{short}0"),
            false => f.write_str(short),
        }
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Currency;

    use super::*;

    #[test]
    fn amounts_are_numbers_without_idle_zeros() {
        let short = |text| Short(Money::parse(text, Currency::EUR).expect("an amount")).to_string();
        for (amount, expected) in [
            ("10.28", "10.28"),
            ("24.428075", "24.428075"),
            ("10", "10.0"),
            ("0", "0.0"),
            ("-0.5", "-0.5"),
            ("100", "100.0"),
        ] {
            assert_eq!(short(amount), expected);
        }
    }
}
