//! What the engine says to a call, as a file states it.

use whimbrel_core::{
    Accepted, AcceptedPart, AuthMethod, Call, GrantCallback, MessageId, MessageOutcome, OauthOutcome, Outcome, PartId,
    RateWindow, RecipientBrake, Refusal, Scope, Secret, SendCall, SignatureCause, SignatureMethod, Span, TokenKind,
};
use whimbrel_dialects::{Claim, Parsed};

use super::applications;
use super::file::{Facts, money};
use super::{many, resources, secrets};

/// The outcome that the file states. `as read` is the refusal that the dialect itself found, whoever calls first.
pub(super) fn outcome(text: &str, parsed: &Parsed) -> Outcome {
    let facts = Facts(text);
    let first = text.lines().next().unwrap_or_default();
    let send = || match &parsed.call {
        Ok(Call::Send(send)) => send,
        other => panic!("the outcome needs a text to send: {other:?}"),
    };
    let recipient = || send().recipient.clone();
    let network = || facts.get("network").into();
    let refusal = match first {
        "accepted" => return Outcome::Sent(accepted(text, send())),
        "faulty as read" => match &parsed.call {
            Ok(Call::Faulty(faulty)) => return Outcome::Faulty(faulty.clone()),
            other => panic!("nothing is wrong with the request: {other:?}"),
        },
        "message: unknown" => return Outcome::Message(MessageOutcome::Unknown { id: facts.get("id").into() }),
        "message: not markable" => return Outcome::Message(MessageOutcome::NotMarkable),
        "oauth" => return Outcome::Oauth(oauth(&facts)),
        "secrets" => return Outcome::Secrets(secrets::outcome(&facts)),
        "application" => return Outcome::Application(applications::outcome(&facts)),
        "refused as read" => return Outcome::Refused(refusal_as_read(parsed)),
        "refused: wrong credentials" => {
            assert!(parsed.claim.is_ok(), "credentials are judged only where there are some");
            Refusal::BadCredentials
        }
        "refused: invalid signature" => {
            assert!(matches!(parsed.claim, Ok(Claim::Signed(_))), "only what is signed can be signed wrongly");
            Refusal::InvalidSignature
        }
        "refused: signature" => {
            assert!(matches!(parsed.claim, Ok(Claim::SignedKey { .. })), "only what is signed can be signed wrongly");
            Refusal::SignatureRefused { cause: signature_cause(facts.get("cause")) }
        }
        "refused: credential is over" => Refusal::CredentialExpired,
        "refused: not signed" => Refusal::SignatureRequired,
        "refused: signed too weakly" => Refusal::SignatureTooWeak { method: SignatureMethod::Md5Hash },
        "refused: not in this way" => Refusal::MethodNotAllowed { method: AuthMethod::Parameters },
        "refused: not from there" => Refusal::SourceNotAllowed,
        "refused: not for this" => Refusal::ScopeNotAllowed { scope: Scope::Send },
        "refused: too many failures" => Refusal::TooManyFailures { wait: Span(facts.count("wait")) },
        "refused: account suspended" => Refusal::AccountBarred,
        "refused: not by HTTP" => Refusal::HttpNotAllowed,
        "refused: too many requests" => Refusal::TooManyRequests(RateWindow {
            requests_max: facts.count("requests at most"),
            length: Span(facts.count("length")),
            requests: facts.count("requests"),
            began_at: facts.instant("began"),
            elapsed: Span(facts.count("elapsed")),
        }),
        "refused: sender throttled" => Refusal::SenderThrottled {
            recipient: recipient(),
            network: network(),
            wait: facts.find("wait").map(|_| Span(facts.count("wait"))),
        },
        "refused: recipient throttled" => {
            let (brake, wait) = (RecipientBrake::Rate, Span(facts.count("wait")));
            Refusal::RecipientThrottled { recipient: recipient(), brake, wait }
        }
        "refused: recipient not permitted" => Refusal::RecipientNotPermitted { recipient: recipient() },
        "refused: recipient barred" => Refusal::RecipientBarred { recipient: recipient() },
        "refused: recipient given up" => Refusal::RecipientDeactivated { recipient: recipient() },
        "refused: sender not allowed" => Refusal::SenderNotAllowed { recipient: recipient() },
        "refused: another country's network" => {
            assert!(send().network.is_some(), "only a network that is named can be wrong");
            Refusal::InvalidNetwork
        }
        "refused: feature denied" => Refusal::FacilityNotAllowed,
        "refused: no route" => Refusal::Unroutable { recipient: recipient() },
        "refused: no money" => Refusal::InsufficientFunds {
            recipient: recipient(),
            price: facts.money("price"),
            balance: facts.money("balance"),
            network: network(),
        },
        "refused: spent for today" => Refusal::SpendCapReached {
            recipient: recipient(),
            price: facts.money("price"),
            balance: facts.money("balance"),
            network: network(),
        },
        "refused: same key, other request" => Refusal::IdempotencyConflict,
        "refused: too many parts" => Refusal::TooLong,
        "refused: overloaded" => Refusal::Overloaded,
        "refused: our fault" => Refusal::Internal,
        _ => return many::outcome(text, parsed).unwrap_or_else(|| resources::outcome(text)),
    };
    Outcome::Refused(refusal)
}

fn signature_cause(text: &str) -> SignatureCause {
    match text {
        "missing" => SignatureCause::Missing,
        "malformed" => SignatureCause::Malformed,
        "nonce" => SignatureCause::Nonce,
        "too old" => SignatureCause::TooOld,
        "too new" => SignatureCause::TooNew,
        "mismatch" => SignatureCause::Mismatch,
        "replayed" => SignatureCause::Replayed,
        other => panic!("no cause `{other}`"),
    }
}

fn refusal_as_read(parsed: &Parsed) -> Refusal {
    match (&parsed.claim, &parsed.call) {
        (Err(refusal), _) | (Ok(_), Err(refusal)) => refusal.clone(),
        (Ok(_), Ok(_)) => panic!("nothing was refused"),
    }
}

fn accepted(text: &str, send: &SendCall) -> Accepted {
    let facts = Facts(text);
    let first = facts.hex("first id");
    let parts = text.lines().filter_map(|line| line.strip_prefix("part: ")).zip(first..).map(|(part, id)| {
        let (price, balance) = part.split_once(", balance ").expect("a price and a balance");
        AcceptedPart { part_id: PartId(id), price: money(price), balance: money(balance) }
    });
    Accepted {
        message_id: MessageId(first),
        serial: None,
        recipient: send.recipient.clone(),
        network: facts.get("network").into(),
        parts: parts.collect(),
        client_ref: send.client_ref.clone(),
        account_ref: send.account_ref.clone(),
    }
}

/// `request token`, `access token`, `asked`, `granted`, `rejected`, `too many`.
fn oauth(facts: &Facts<'_>) -> OauthOutcome {
    let token = || facts.get("token").into();
    let secret = |name| Secret::new(facts.get(name));
    let callback = || facts.find("callback").map_or(GrantCallback::OutOfBand, |url| GrantCallback::Url(url.into()));
    match facts.get("came to") {
        "request token" => OauthOutcome::Token { token: token(), secret: secret("secret"), kind: TokenKind::Request },
        "access token" => OauthOutcome::Token { token: token(), secret: secret("secret"), kind: TokenKind::Access },
        "asked" => OauthOutcome::Asked {
            token: token(),
            consumer: facts.get("consumer").into(),
            callback: callback(),
            mark: secret("mark"),
        },
        "granted" => OauthOutcome::Granted { token: token(), verifier: secret("verifier"), callback: callback() },
        "rejected" => OauthOutcome::TokenRejected,
        "too many" => OauthOutcome::TooMany,
        other => panic!("no outcome `{other}` of OAuth"),
    }
}
