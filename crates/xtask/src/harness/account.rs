//! Credentials of the account that sends, and the texts it sends.

use crate::harness::answer::Answer;
use crate::harness::http::Request;

/// Key and secret.
#[derive(Debug, Clone)]
pub struct Account {
    /// The key.
    pub key: String,
    /// The secret.
    pub secret: String,
}

/// Prices are counted in 10^-8 of the currency.
pub const UNITS_PER_WHOLE: i64 = 100_000_000;

impl Account {
    /// The form of a text to `to`. All values are plain, so that nothing needs to be escaped.
    pub fn form(&self, to: u64, text: &str) -> Vec<u8> {
        let text = text.replace(' ', "+");
        format!("api_key={}&api_secret={}&to={to}&from=Whimbrel&text={text}", self.key, self.secret).into_bytes()
    }
}

/// The request that sends `form`.
pub fn send_request(form: &[u8]) -> Request<'_> {
    Request { method: "POST", target: "/sms/json", token: None, body: ("application/x-www-form-urlencoded", form) }
}

/// What a client was told of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Accepted: status "0" of its one part.
    Accepted {
        /// The public id.
        id: String,
        /// The price, in 10^-8.
        price: i64,
    },
    /// Refused, with the status.
    Refused(String),
}

/// Reads the answer to a text of one part. `None` for anything that is no such answer.
pub fn told(answer: &Answer) -> Option<Told> {
    let document: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let message = document.get("messages")?.get(0)?;
    let status = message.get("status")?.as_str()?;
    if status != "0" {
        return Some(Told::Refused(status.to_owned()));
    }
    let id = message.get("message-id")?.as_str()?.to_owned();
    Some(Told::Accepted { id, price: units(message.get("message-price")?.as_str()?)? })
}

/// Of which recipient an answer to a text of one part speaks, if of any.
pub fn recipient(answer: &Answer) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(document.get("messages")?.get(0)?.get("to")?.as_str()?.to_owned())
}

/// Reads an amount such as `0.03330000` as units of 10^-8.
pub fn units(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 8 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<8}").parse().ok()?;
    Some(sign * (whole.checked_mul(UNITS_PER_WHOLE)? + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { status: 200, body: body.as_bytes().to_vec(), closes: false }
    }

    #[test]
    fn accepted_means_that_the_body_says_so() {
        let body =
            r#"{"message-count":"1","messages":[{"message-id":"A1","status":"0","message-price":"0.03330000"}]}"#;
        assert_eq!(told(&answer(body)), Some(Told::Accepted { id: "A1".into(), price: 3_330_000 }));
        let body = r#"{"message-count":"1","messages":[{"status":"5","error-text":"Server Error"}]}"#;
        assert_eq!(told(&answer(body)), Some(Told::Refused("5".into())));
        for other in
            ["", "{}", r#"{"messages":[]}"#, r#"{"messages":[{"status":"0"}]}"#, r#"{"messages":[{"status":0}]}"#]
        {
            assert_eq!(told(&answer(other)), None, "{other}");
        }
    }

    #[test]
    fn an_answer_says_of_whom_it_speaks() {
        let body = r#"{"message-count":"1","messages":[{"to":"447","status":"0"}]}"#;
        assert_eq!(recipient(&answer(body)).as_deref(), Some("447"));
        assert_eq!(recipient(&answer(r#"{"messages":[{"status":"2"}]}"#)), None);
    }

    #[test]
    fn amounts_are_whole_units() {
        assert_eq!(units("999999.96670000"), Some(99_999_996_670_000));
        assert_eq!(units("-0.5"), Some(-50_000_000));
        assert_eq!(units("10"), Some(1_000_000_000));
        assert_eq!(units("0.123456789"), None);
    }
}
