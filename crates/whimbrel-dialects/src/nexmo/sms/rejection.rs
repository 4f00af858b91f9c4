//! What is kept of a request that was refused, for the search API to find.

use whimbrel_core::call::history::RefusedSend;
use whimbrel_core::{Refusal, Timestamp};

use super::super::params::{Name, Params};
use super::super::search;
use super::{codes, parse};
use crate::http::HttpRequest;

/// A sender is kept up to here.
const SENDER_CHARS_MAX: usize = 100;

/// Whom the request was to, as whom, and what it was answered. Without a recipient it could not be found again. A refusal for speed or
/// for a fault of ours asks to send it once more, and is not kept.
pub(in super::super) fn rejection(request: &HttpRequest<'_>, refusal: &Refusal, at: Timestamp) -> Option<RefusedSend> {
    let is_of_the_moment = matches!(
        refusal,
        Refusal::TooManyRequests(_)
            | Refusal::SenderThrottled { .. }
            | Refusal::RecipientThrottled { .. }
            | Refusal::Overloaded
            | Refusal::Internal
    );
    if is_of_the_moment || !parse::is_send(request.path) {
        return None;
    }
    let params = Params::read(request.query(), request.body).ok()?;
    let recipient = search::address(params.get(Name::To)?);
    let sender = params.get(Name::From).unwrap_or_default();
    let code = codes::code(refusal);
    Some(RefusedSend {
        sender: sender.chars().take(SENDER_CHARS_MAX).collect::<String>().into(),
        recipient,
        at,
        code: code.status.into(),
        told: code.text.as_ref().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_522_797_127_412_251);

    fn kept(path: &str, body: &str, refusal: &Refusal) -> Option<(String, String, String, String)> {
        let request = HttpRequest { method: "POST", path, query: None, headers: &[], body: body.as_bytes() };
        let send = rejection(&request, refusal, AT)?;
        Some((send.sender.into(), send.recipient.into(), send.code.into(), send.told.into()))
    }

    #[test]
    fn what_was_refused_is_kept_as_it_was_told() {
        let numeric = ("Acme".to_owned(), "INVALID".to_owned(), "3".to_owned(), "to address is not numeric".to_owned());
        assert_eq!(kept("/sms/json", "from=Acme&to=+INVALID+", &Refusal::RecipientNotNumeric), Some(numeric));
        let text = ("".to_owned(), "447700900001".to_owned(), "2".to_owned(), "Missing Message Text".to_owned());
        assert_eq!(kept("/sms/xml", "to=%2B44+7700+900001", &Refusal::Missing { field: "text" }), Some(text));
        let long = kept("/sms/json", &format!("to={0}&from={0}", "é".repeat(500)), &Refusal::TooLong).expect("kept");
        assert_eq!((long.0.chars().count(), long.1.chars().count()), (100, 100));
    }

    #[test]
    fn what_says_nothing_of_a_message_is_not_kept() {
        assert_eq!(kept("/sms/json", "from=Acme", &Refusal::Missing { field: "to" }), None);
        assert_eq!(kept("/account/top-up", "to=447700900001", &Refusal::Missing { field: "trx" }), None);
        for refusal in [Refusal::Overloaded, Refusal::Internal] {
            assert_eq!(kept("/sms/json", "to=447700900001", &refusal), None);
        }
    }
}
