//! The Account API: balance, top-up and settings.
//!
//! Follows the vendor's Account API definition 1.0.3 and captured answers, read 2026-11. `newSecret`, an old way to change a secret, is
//! refused: it would replace a secret without naming which.

mod render;

use whimbrel_core::call::account::{AccountCall, SettingsChange};
use whimbrel_core::{Call, Refusal, Timestamp};

use super::claim::Product;
use super::developer::{self, Place};
use super::params::Params;
use super::{Api, answer, url};
use crate::Match;
use crate::http::HttpRequest;

pub(super) use render::render;

/// The answers of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Balance,
    TopUp,
    Settings,
}

impl Page {
    const ALL: [Self; 3] = [Self::Balance, Self::TopUp, Self::Settings];
}

const CREDENTIALS: &[&str] = &["api_key", "api_secret"];

/// Reads a request of this API.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let places: [(Page, &str, &[&str], &[&str]); 3] = [
        (Page::Balance, "/account/get-balance", CREDENTIALS, &["GET"]),
        (Page::TopUp, "/account/top-up", CREDENTIALS, &["GET", "POST"]),
        (Page::Settings, "/account/settings", CREDENTIALS, &["POST"]),
    ];
    for (page, path, names, methods) in places {
        let Some(tail) = developer::tail(request.path, path, names) else { continue };
        let product = if page == Page::Balance { Product::Balance } else { Product::Account };
        let place = Place { product, api: Api::Account, page: page as u8, methods };
        return developer::read(request, place, tail, (trace_id, now), answer::forbidden, |params| call(page, params));
    }
    Match::NotMine
}

fn call(page: Page, params: &Params<'_>) -> Result<Call, Refusal> {
    Ok(Call::Account(match page {
        Page::Balance => AccountCall::Balance,
        Page::TopUp => {
            let reference = params.some("trx").ok_or(Refusal::Missing { field: "trx" })?;
            AccountCall::TopUp { reference: reference.into() }
        }
        Page::Settings => AccountCall::Settings(settings(params)?),
    }))
}

/// The names of both URLs are compared without case: Python (vonage 4.9.1) writes `moCallbackUrl`, everybody else `moCallBackUrl`.
fn settings(params: &Params<'_>) -> Result<SettingsChange, Refusal> {
    if params.first("newSecret").is_some() {
        return Err(Refusal::FacilityNotAllowed);
    }
    let changed = |name: &str| {
        let given = params.pairs().iter().find(|pair| pair.name.eq_ignore_ascii_case(name));
        given.map(|pair| url::stored(&pair.value)).transpose().map_err(Refusal::InvalidCallback)
    };
    Ok(SettingsChange { inbound_url: changed("moCallBackUrl")?, receipt_url: changed("drCallBackUrl")? })
}
