//! `/api/balance`: what can still be spent.

use serde::Serialize;
use whimbrel_core::Money;

use super::answer::{self, Wish, amount, amount_text};
use crate::Reply;
use crate::http::HttpResponse;

#[derive(Serialize)]
struct Balance<'a> {
    amount: f64,
    currency: &'a str,
}

/// The answer.
pub(super) fn render(available: Money, reply: &Reply) -> HttpResponse {
    match Wish::of_reply(reply).accepts_json() {
        true => answer::json(&Balance { amount: amount(available), currency: available.currency.as_str() }),
        false => answer::text(amount_text(available)),
    }
}
