//! OAuth 1.0a: three steps to a token.

use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{Method, Operation, need, object, text};

const TAG: &str = "OAuth";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        request_token(Post, "requestToken"),
        request_token(Get, "requestTokenByGet"),
        ask(),
        grant(),
        access_token(Post, "exchangeToken"),
        access_token(Get, "exchangeTokenByGet"),
    ]
}

fn token(operation: Operation) -> Operation {
    operation
        .proved_by(&[&["oauth"]])
        .answers_in(200, "A token and its secret, as a form", FORM, text())
        .answers_in(400, "Something is missing or cannot be so: `oauth_problem` names it", TEXT, text())
        .answers_in(401, "The signature or the token does not hold", TEXT, text())
        .answers_in(403, "The account may not do this", TEXT, text())
        .answers_in(429, "Too many requests", TEXT, text())
        .answers_in(500, "A fault of the gateway", TEXT, text())
        .answers_in(503, "As many are open as there may be, or the gateway has too much to do", TEXT, text())
}

fn request_token(method: Method, name: &'static str) -> Operation {
    token(Operation::new(method, "/oauth/request_token", (TAG, name), "Begin: ask for a token to be granted"))
        .seen("token", &exchange!("nexmo/oauth/a-request-token-is-given"))
        .seen("signature", &exchange!("nexmo/oauth/a-wrong-signature-is-refused"))
}

fn access_token(method: Method, name: &'static str) -> Operation {
    token(Operation::new(method, "/oauth/access_token", (TAG, name), "End: exchange the granted token"))
        .seen("token", &exchange!("nexmo/oauth/an-access-token-is-given"))
}

fn person(operation: Operation) -> Operation {
    [
        (200, "The page"),
        (400, "Something is missing"),
        (401, "What was asked is not known any more, or nobody has this key and this secret"),
        (403, "The form did not come from this page"),
        (429, "Too many tries"),
        (500, "A fault of the gateway"),
        (503, "The gateway has too much to do"),
    ]
    .into_iter()
    .fold(operation.also_at("/oauth/authenticate"), |operation, (status, about)| {
        operation.answers_in(status, about, HTML, text())
    })
}

fn ask() -> Operation {
    person(Operation::new(Get, "/oauth/authorize", (TAG, "askForGrant"), "A page for a person: grant it?"))
        .query([need("oauth_token", text(), "The token of the first step").such_as("a0b1c2d3e4f5061728394a5b6c7d8e9f")])
        .seen("page", &exchange!("nexmo/oauth/a-page-asks-for-the-grant"))
}

fn grant() -> Operation {
    let form = object([
        need("oauth_token", text(), "").such_as("a0b1c2d3e4f5061728394a5b6c7d8e9f"),
        need("mark", text(), "The mark of the page, which its cookie has too"),
        need("api_key", text().chars(1, 100), ""),
        need("api_secret", text().chars(1, 100), ""),
    ]);
    person(Operation::new(Post, "/oauth/authorize", (TAG, "grant"), "The form of that page"))
        .body(&[FORM], form)
        .answers_in(303, "Granted: it leads back to the consumer", TEXT, text())
}
