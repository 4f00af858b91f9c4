//! Answers: tokens as forms (RFC 5849 §2.1), pages, and the words by which a request is refused.
//!
//! The vendor's own error bodies are not known; the words are those of the extension "OAuth Problem Reporting". An unknown
//! consumer, a wrong signature, a time stamp out of its window and a nonce used again look alike.

use whimbrel_core::{GrantCallback, OauthOutcome, Outcome, Refusal, TokenKind};

use super::{is_page, page};
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Oauth(OauthOutcome::Token { token, secret, kind }) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("oauth_token", token).append_pair("oauth_token_secret", secret.expose());
            if *kind == TokenKind::Request {
                form.append_pair("oauth_callback_confirmed", "true");
            }
            plain(reply, 200, "application/x-www-form-urlencoded", form.finish())
        }
        Outcome::Oauth(OauthOutcome::Asked { token, consumer, callback, mark }) => {
            page::ask(reply, page::Ask { token, consumer, callback, mark: mark.expose() })
        }
        Outcome::Oauth(OauthOutcome::Granted { token, verifier, callback }) => match callback {
            GrantCallback::OutOfBand => page::verifier(reply, verifier.expose()),
            GrantCallback::Url(url) => redirect(reply, url, token, verifier.expose()),
        },
        Outcome::Oauth(OauthOutcome::TokenRejected) => problem(reply, 401, "token_rejected"),
        Outcome::Oauth(OauthOutcome::TooMany) => problem(reply, 503, "consumer_key_refused"),
        Outcome::Refused(refusal) => refused(reply, refusal),
        // Of another API: a fault of ours.
        _ => problem(reply, 500, "permission_unknown"),
    }
}

/// To the consumer, with what proves the grant, after the parameters that its URL has.
fn redirect(reply: &Reply, url: &str, token: &str, verifier: &str) -> HttpResponse {
    let url = url.split('#').next().unwrap_or_default();
    let between = if url.contains('?') { '&' } else { '?' };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("oauth_token", token).append_pair("oauth_verifier", verifier);
    let mut answer = plain(reply, 303, "text/plain; charset=utf-8", "Access is granted.".to_owned());
    answer.headers.push(("Location", format!("{url}{between}{}", form.finish()).into()));
    answer.headers.push(("Referrer-Policy", "no-referrer".into()));
    answer
}

fn refused(reply: &Reply, refusal: &Refusal) -> HttpResponse {
    let (status, word) = match refusal {
        Refusal::Missing { .. } => (400, "parameter_absent"),
        Refusal::Invalid { .. } => (400, "parameter_rejected"),
        Refusal::TooManyRequests(_) | Refusal::TooManyFailures { .. } | Refusal::Overloaded => {
            (429, "consumer_key_refused")
        }
        Refusal::Internal => (500, "permission_unknown"),
        Refusal::AccountBarred | Refusal::HttpNotAllowed | Refusal::ScopeNotAllowed { .. } => {
            (403, "permission_denied")
        }
        _ => (401, "signature_invalid"),
    };
    problem(reply, status, word)
}

/// `oauth_problem` for programs, its meaning for people.
fn problem(reply: &Reply, status: u16, word: &str) -> HttpResponse {
    if !is_page(reply) {
        return plain(reply, status, "text/plain; charset=utf-8", format!("oauth_problem={word}"));
    }
    let why = match word {
        "token_rejected" => "What was asked is not known here any more. Begin again where you were asked.",
        "signature_invalid" => "No account has this key and this secret. Go back and try again.",
        "consumer_key_refused" => "Too many tries, or too much to do. Try again later.",
        "permission_denied" => "Your account may not do this. Ask whoever runs this gateway.",
        "parameter_absent" | "parameter_rejected" => "Something is missing. Go back and try again.",
        _ => "Something failed here. Try again later.",
    };
    page::refused(reply, status, why)
}

fn plain(reply: &Reply, status: u16, content_type: &'static str, body: String) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type", content_type.into()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
            ("X-Nexmo-Trace-Id", reply.trace_id.to_string().into()),
        ],
        body: body.into_bytes(),
    }
}
