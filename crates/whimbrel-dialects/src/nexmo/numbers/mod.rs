//! The Numbers API: numbers that an account owns, and those that it can buy.
//!
//! Follows the vendor's Numbers API definition 1.0.20 and captured answers, read 2026-11. What is for sale is the operator's pool.

mod parse;
mod render;

use whimbrel_core::Timestamp;

use super::claim::Product;
use super::developer::{self, Place};
use super::{Api, answer};
use crate::Match;
use crate::http::HttpRequest;

pub(super) use render::render;

/// The requests of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Owned,
    OnSale,
    Buy,
    Cancel,
    Update,
}

impl Page {
    const ALL: [Self; 5] = [Self::Owned, Self::OnSale, Self::Buy, Self::Cancel, Self::Update];
}

/// Reads a request of this API.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    const ONE: &[&str] = &["api_key", "api_secret", "country", "msisdn"];
    let places: [(Page, &str, &[&'static str], &[&str]); 5] = [
        (Page::Owned, "/account/numbers", &["api_key", "api_secret"], &["GET"]),
        (Page::OnSale, "/number/search", &["api_key", "api_secret", "country"], &["GET"]),
        (Page::Buy, "/number/buy", ONE, &["POST"]),
        (Page::Cancel, "/number/cancel", ONE, &["POST"]),
        (Page::Update, "/number/update", ONE, &["POST"]),
    ];
    for (page, path, names, methods) in places {
        let Some(tail) = developer::tail(request.path, path, names) else { continue };
        let place = Place { product: Product::Account, api: Api::Numbers, page: page as u8, methods };
        let at = (trace_id, now);
        return developer::read(request, place, tail, at, answer::forbidden, |params| parse::call(page, params));
    }
    Match::NotMine
}
