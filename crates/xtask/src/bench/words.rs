//! How gateways are asked to send a text, and how they say that they took it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::loader::{Order, Proof, Target};

/// The first recipient; the others follow. A range that the United Kingdom keeps for drama, with one digit more.
const FIRST_RECIPIENT: u64 = 4_477_009_000_000;

/// The signature secret that a gateway is given for [`Proof::Signature`].
pub const SIGNATURE_SECRET: &str = "benchSignatureSecret0123456789ab";

/// A user of Kannel's `sendsms`, and its password.
pub const KANNEL_USER: (&str, &str) = ("bench", "bench");

/// How a gateway is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// As ours is, by an account.
    Account {
        /// Its key.
        key: String,
        /// Its secret.
        secret: String,
    },
    /// As Kannel is (its user guide, "Using the HTTP interface to send SMS messages").
    Kannel {
        /// Where it tells what became of a text.
        webhook: String,
    },
}

impl Words {
    /// Whether the answer says that the text was taken. Parsing JSON here would cost more than the gateway does.
    pub fn accepts(&self, body: &[u8]) -> bool {
        match self {
            Self::Account { .. } => says_status(body, *b":\"0\""),
            Self::Kannel { .. } => body.starts_with(b"0: Accepted for delivery"),
        }
    }

    /// Whether the answer says that there are too many requests just now.
    pub fn throttles(&self, body: &[u8]) -> bool {
        match self {
            Self::Account { .. } => says_status(body, *b":\"1\""),
            Self::Kannel { .. } => false,
        }
    }
}

/// The request that sends the text with this number at `now`, in seconds of Unix time.
pub fn request(target: &Target, number: u64, order: Order, now: u64) -> String {
    // Keys, secrets and texts are letters, digits, points and spaces: nothing else needs to be escaped.
    let (recipient, text) = (FIRST_RECIPIENT + number, text(number).replace(' ', "+"));
    let host = target.host;
    match &target.words {
        Words::Account { key, secret } => {
            let proof = match order.proof {
                Proof::Secret => format!("api_secret={secret}"),
                Proof::Signature => signature(key, number, order.receipts, now),
            };
            let receipts = u8::from(order.receipts);
            let body =
                format!("api_key={key}&{proof}&from=Whimbrel&to={recipient}&text={text}&status-report-req={receipts}");
            format!(
                "POST /sms/json HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Words::Kannel { webhook } => {
            let (user, password) = KANNEL_USER;
            let receipt = match order.receipts {
                // 1: delivered. %p is the recipient.
                true => format!("&dlr-mask=1&dlr-url={}%3Fmsisdn%3D%25p%26status%3Ddelivered", escaped(webhook)),
                false => String::new(),
            };
            format!(
                "GET /cgi-bin/sendsms?username={user}&password={password}&from=Whimbrel&to={recipient}&text={text}{receipt} \
                 HTTP/1.1\r\nHost: {host}\r\n\r\n"
            )
        }
    }
}

/// The text with this number: 53 plain characters.
fn text(number: u64) -> String {
    format!("Text {number:012} of the bench is 53 characters long.")
}

/// A URL of ours in a query.
fn escaped(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

/// The time and the signature of a text: all parameters by name, `&` before each.
fn signature(key: &str, number: u64, receipts: bool, now: u64) -> String {
    let (recipient, receipts, text) = (FIRST_RECIPIENT + number, u8::from(receipts), text(number));
    let string =
        format!("&api_key={key}&from=Whimbrel&status-report-req={receipts}&text={text}&timestamp={now}&to={recipient}");
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNATURE_SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string.as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("timestamp={now}&sig={digits}")
}

/// Whether the answer to a text of one part has this status: a colon and a digit in quotes.
fn says_status(body: &[u8], wanted: [u8; 4]) -> bool {
    const NAME: &[u8] = b"\"status\"";
    let Some(at) = body.windows(NAME.len()).position(|window| window == NAME) else { return false };
    let value: Vec<u8> =
        body[at + NAME.len()..].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(4).collect();
    value == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(words: Words) -> Target {
        Target { host: "127.0.0.1:80".parse().unwrap(), words }
    }

    fn account() -> Words {
        Words::Account { key: "k".into(), secret: "s".into() }
    }

    const ORDER: Order = Order { callers: 1, millis: 1, receipts: true, proof: Proof::Secret, pause_ms: 0 };

    #[test]
    fn texts_have_53_characters_and_differ() {
        for number in [0, 1, 999_999_999_999] {
            assert_eq!(text(number).len(), 53);
        }
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn a_request_is_a_form_with_its_length() {
        let request = request(&target(account()), 7, ORDER, 0);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert_eq!(
            body,
            "api_key=k&api_secret=s&from=Whimbrel&to=4477009000007&text=Text+000000000007+of+the+bench+is+53+characters+long.\
             &status-report-req=1"
        );
    }

    #[test]
    fn kannel_is_asked_by_its_query_and_told_where_receipts_go() {
        let words = Words::Kannel { webhook: "http://127.0.0.1:9/webhook".into() };
        let line = "GET /cgi-bin/sendsms?username=bench&password=bench&from=Whimbrel&to=4477009000007\
                    &text=Text+000000000007+of+the+bench+is+53+characters+long.";
        let receipt = "&dlr-mask=1&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2Fwebhook%3Fmsisdn%3D%25p%26status%3Ddelivered";
        let end = " HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n";
        assert_eq!(request(&target(words.clone()), 7, ORDER, 0), format!("{line}{receipt}{end}"));
        let order = Order { receipts: false, ..ORDER };
        assert_eq!(request(&target(words.clone()), 7, order, 0), format!("{line}{end}"));
        assert!(words.accepts(b"0: Accepted for delivery"));
        assert!(!words.accepts(b"3: Queued for later delivery"));
    }

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        // printf '%s' STRING | openssl sha256 -hmac benchSignatureSecret0123456789ab
        let expected = "aac79cae29e3afc5fe02b8b3dffe800e599fac8aef752ab0c71396f54f4e1a6d";
        assert_eq!(signature("k", 7, true, 1_461_605_396), format!("timestamp=1461605396&sig={expected}"));
    }

    #[test]
    fn only_status_0_in_the_body_is_an_acceptance() {
        for body in ["{\"status\": \"0\"}", "{\"status\":\"0\",\"x\":1}", "{\n \"status\" :\n \"0\"}"] {
            assert!(account().accepts(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "{\"status\": \"01\"}",
            "{\"status\": \"1\"}",
            "{\"status\": 0}",
            "{\"statuses\": \"0\"}",
            "\"status\"",
        ] {
            assert!(!account().accepts(body.as_bytes()), "{body}");
        }
        assert!(account().throttles(b"{\"status\": \"1\"}") && !account().throttles(b"{\"status\": \"10\"}"));
    }
}
