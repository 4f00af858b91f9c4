//! `/api/subaccounts`: accounts below the one that calls.
//!
//! Follows the vendor's schema: ids and amounts are strings in the list. Its first clients say by `action` what they want. What is
//! refused is told in words under `error`, as an answer like others.

use serde::Serialize;
use serde_json::json;
use whimbrel_core::call::subaccounts::{Subaccount, SubaccountsCall, SubaccountsOutcome, SubaccountsRefusal};
use whimbrel_core::{Call, Currency, Faulty, Money, Scope, Serial};

use super::answer;
use super::params::Params;
use crate::http::HttpResponse;

/// The number of the faults of this resource; see [`contacts`](super::contacts).
pub(super) const FAULT: u16 = 3;
const NAME_CHARS_MAX: usize = 100;
/// As RFC 5321 §4.5.3.1 bounds a path.
const EMAIL_OCTETS_MAX: usize = 254;

/// Reads a request; `action` is the last part of its path, or the parameter.
pub(super) fn read(action: Option<&str>, params: &Params) -> Call {
    let call = match action.unwrap_or("list") {
        "list" | "read" => listed(params),
        "create" => made(params),
        "transfer_credits" => credited(params),
        "update" => refilled(params),
        "delete" => number(params).map(|number| SubaccountsCall::End { number }),
        _ => Err("there is list, create, update, transfer_credits and delete".to_owned()),
    };
    match call {
        Ok(call) => Call::Subaccounts(call),
        Err(why) => Call::Faulty(Faulty { scope: Scope::Account, kind: FAULT, detail: why.into(), fields: Vec::new() }),
    }
}

fn listed(params: &Params) -> Result<SubaccountsCall, String> {
    let only = params.get("id").map(|_| number(params)).transpose()?;
    Ok(SubaccountsCall::List { only })
}

fn made(params: &Params) -> Result<SubaccountsCall, String> {
    let name = params.get("name").map(str::trim).filter(|name| !name.is_empty()).ok_or("name is missing")?;
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(format!("name has more than {NAME_CHARS_MAX} characters"));
    }
    let email = params.get("email").map(str::trim).ok_or("email is missing")?;
    let has_parts = email.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if !has_parts || email.len() > EMAIL_OCTETS_MAX || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "email must be an address of at most {EMAIL_OCTETS_MAX} characters, such as ada@example.com"
        ));
    }
    Ok(SubaccountsCall::Make { name: name.into(), email: email.into() })
}

fn credited(params: &Params) -> Result<SubaccountsCall, String> {
    let (number, amount) = (number(params)?, units(params, "amount")?);
    if amount == 0 {
        return Err("amount must be more than 0".to_owned());
    }
    Ok(SubaccountsCall::Credit { number, amount })
}

fn refilled(params: &Params) -> Result<SubaccountsCall, String> {
    let (number, threshold, amount) = (number(params)?, units(params, "threshold")?, units(params, "amount")?);
    Ok(SubaccountsCall::Refill { number, threshold, amount })
}

fn number(params: &Params) -> Result<Serial, String> {
    let id = params.get("id").ok_or("id is missing")?;
    // One that is no number names none.
    Ok(Serial(id.trim().parse().unwrap_or(0)))
}

fn units(params: &Params, name: &str) -> Result<i64, String> {
    let text = params.get(name).ok_or_else(|| format!("{name} is missing"))?;
    // The currency is the account's; here it is only a number.
    let amount = Money::parse(text.trim(), Currency::EUR).map(|money| money.units);
    let amount = amount.ok().filter(|units| *units >= 0);
    amount.ok_or_else(|| format!("{name} must be a number such as 12.5, not negative, with at most eight decimals"))
}

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    username: &'a str,
    company: &'a str,
    balance: String,
    total_usage: String,
    auto_topup: AutoTopup,
    contact: Contact<'a>,
}

#[derive(Serialize)]
struct AutoTopup {
    amount: String,
    threshold: String,
}

#[derive(Serialize)]
struct Contact<'a> {
    email: &'a str,
    name: &'a str,
}

fn shown(account: &Subaccount) -> Shown<'_> {
    Shown {
        id: account.number.0.to_string(),
        username: &account.key,
        company: "",
        balance: answer::amount_text(account.available),
        total_usage: answer::amount_text(account.spent),
        auto_topup: AutoTopup {
            amount: answer::amount_text(account.amount),
            threshold: answer::amount_text(account.threshold),
        },
        contact: Contact { email: &account.email, name: &account.name },
    }
}

#[derive(Serialize)]
struct Made<'a> {
    success: bool,
    error: Option<&'a str>,
    subaccount: Shown<'a>,
}

/// The answer.
pub(super) fn render(outcome: &SubaccountsOutcome) -> HttpResponse {
    match outcome {
        SubaccountsOutcome::Listed(accounts) => answer::json(&accounts.iter().map(shown).collect::<Vec<_>>()),
        SubaccountsOutcome::Made(account) => {
            answer::json(&Made { success: true, error: None, subaccount: shown(account) })
        }
        SubaccountsOutcome::Done => answer::json(&json!({ "success": true, "error": null })),
        SubaccountsOutcome::Refused(why) => failed(&match why {
            SubaccountsRefusal::Unknown => "there is no subaccount with that id".to_owned(),
            SubaccountsRefusal::TooMany { count_max } => {
                format!("the account has {count_max} subaccounts, which is as many as it may have: delete one first")
            }
            SubaccountsRefusal::IsBelow => "the account is a subaccount itself, and has none".to_owned(),
            SubaccountsRefusal::Funds => "the account does not have that much credit".to_owned(),
        }),
    }
}

/// The answer to a request that cannot be carried out; `None` if it was about something else.
pub(super) fn refused(faulty: &Faulty) -> Option<HttpResponse> {
    (faulty.kind == FAULT).then(|| failed(&faulty.detail))
}

fn failed(why: &str) -> HttpResponse {
    answer::json(&json!({ "success": false, "error": why }))
}
