//! How gateways are asked to send a text, and how they say that they took it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::loader::{Order, Proof, Target};

/// The first recipient; the others follow. A range that the United Kingdom keeps for drama, with one digit more.
const FIRST_RECIPIENT: u64 = 4_477_009_000_000;

/// The signature secret that a gateway is given for [`Proof::Signature`].
pub const SIGNATURE_SECRET: &str = "benchSignatureSecret0123456789ab";

/// The user of another gateway, and the password.
pub const PEER_USER: (&str, &str) = ("bench", "bench");

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
    /// As Jasmin is (its documentation, "HTTP API: sending SMS-MT").
    Jasmin {
        /// See `Kannel::webhook`.
        webhook: String,
    },
}

impl Words {
    /// Whether the answer says that the text was taken. Parsing JSON here would cost more than the gateway does.
    pub fn accepts(&self, body: &[u8]) -> bool {
        match self {
            Self::Account { .. } => says_status(body, *b":\"0\""),
            Self::Kannel { .. } => body.starts_with(b"0: Accepted for delivery"),
            Self::Jasmin { .. } => body.starts_with(b"Success \""),
        }
    }

    /// Whether the answer says that there are too many requests just now.
    pub fn throttles(&self, body: &[u8]) -> bool {
        match self {
            Self::Account { .. } => says_status(body, *b":\"1\""),
            Self::Kannel { .. } | Self::Jasmin { .. } => false,
        }
    }
}

/// When a text leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaves {
    /// By the machine's monotonic clock, in microseconds: the text says it, and the sink reads it there.
    pub monotonic_us: u64,
    /// In seconds of Unix time: a signature says it.
    pub unix_seconds: u64,
}

/// To whom the text with this number goes.
pub const fn recipient(number: u64) -> u64 {
    FIRST_RECIPIENT + number
}

/// The request that sends the text with this number.
pub fn request(target: &Target, number: u64, order: Order, leaves: Leaves) -> String {
    // Keys, secrets and texts are letters, digits, points and spaces: nothing else needs to be escaped.
    let (recipient, text) = (recipient(number), text(number, leaves.monotonic_us).replace(' ', "+"));
    let host = target.host;
    match &target.words {
        Words::Account { key, secret } => {
            let proof = match order.proof {
                Proof::Secret => format!("api_secret={secret}"),
                Proof::Signature => signature(key, number, order.receipts, leaves),
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
            let (user, password) = PEER_USER;
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
        Words::Jasmin { webhook } => {
            let (user, password) = PEER_USER;
            let receipt = match order.receipts {
                // Level 2: what the handset did.
                true => format!("&dlr=yes&dlr-level=2&dlr-method=GET&dlr-url={}", escaped(webhook)),
                false => String::new(),
            };
            format!(
                "GET /send?username={user}&password={password}&from=Whimbrel&to={recipient}&content={text}{receipt} \
                 HTTP/1.1\r\nHost: {host}\r\n\r\n"
            )
        }
    }
}

/// The text with this number: 53 plain characters, of which the last 14 say when it left.
fn text(number: u64, left_us: u64) -> String {
    format!("Text {number:012} of the bench left at {left_us:013}.")
}

/// When a text of ours left, by what it says; `None` for other texts.
pub fn left_us(text: &[u8]) -> Option<u64> {
    let digits = text.strip_suffix(b".")?.last_chunk::<13>()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A URL of ours in a query.
fn escaped(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

/// The time and the signature of a text: all parameters by name, `&` before each.
fn signature(key: &str, number: u64, receipts: bool, leaves: Leaves) -> String {
    let (recipient, receipts, now) = (FIRST_RECIPIENT + number, u8::from(receipts), leaves.unix_seconds);
    let text = text(number, leaves.monotonic_us);
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
    use crate::bench::loader::Pace;

    fn target(words: Words) -> Target {
        Target { host: "127.0.0.1:80".parse().unwrap(), words }
    }

    fn account() -> Words {
        Words::Account { key: "k".into(), secret: "s".into() }
    }

    const ORDER: Order =
        Order { callers: 1, millis: 1, receipts: true, proof: Proof::Secret, pace: Pace::Answers, lead_millis: 0 };
    const LEAVES: Leaves = Leaves { monotonic_us: 42, unix_seconds: 1_461_605_396 };
    const TEXT: &str = "Text+000000000007+of+the+bench+left+at+0000000000042.";

    #[test]
    fn texts_have_53_characters_differ_and_say_when_they_left() {
        for (number, left) in [(0, 0), (1, 77), (999_999_999_999, 9_999_999_999_999)] {
            assert_eq!(text(number, left).len(), 53);
            assert_eq!(left_us(text(number, left).as_bytes()), Some(left));
        }
        assert_ne!(text(1, 5), text(2, 5));
        for other in ["", ".", "left at 42.", "left at 000000000004x.", "left at 0000000000042"] {
            assert_eq!(left_us(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_request_is_a_form_with_its_length() {
        let request = request(&target(account()), 7, ORDER, LEAVES);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert_eq!(
            body,
            format!("api_key=k&api_secret=s&from=Whimbrel&to=4477009000007&text={TEXT}&status-report-req=1")
        );
    }

    /// What a gateway that is asked by a query gets, with and without a receipt.
    fn asked(words: &Words, line: &str, receipt: &str) {
        let end = " HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n";
        assert_eq!(request(&target(words.clone()), 7, ORDER, LEAVES), format!("{line}{receipt}{end}"));
        let order = Order { receipts: false, ..ORDER };
        assert_eq!(request(&target(words.clone()), 7, order, LEAVES), format!("{line}{end}"));
    }

    #[test]
    fn kannel_is_asked_by_its_query_and_told_where_receipts_go() {
        let words = Words::Kannel { webhook: "http://127.0.0.1:9/webhook".into() };
        let line = "GET /cgi-bin/sendsms?username=bench&password=bench&from=Whimbrel&to=4477009000007&text=";
        let receipt = "&dlr-mask=1&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2Fwebhook%3Fmsisdn%3D%25p%26status%3Ddelivered";
        asked(&words, &format!("{line}{TEXT}"), receipt);
        assert!(words.accepts(b"0: Accepted for delivery"));
        assert!(!words.accepts(b"3: Queued for later delivery"));
    }

    #[test]
    fn jasmin_is_asked_by_its_query_and_told_where_receipts_go() {
        let words = Words::Jasmin { webhook: "http://127.0.0.1:9/webhook".into() };
        let line = "GET /send?username=bench&password=bench&from=Whimbrel&to=4477009000007&content=";
        let receipt = "&dlr=yes&dlr-level=2&dlr-method=GET&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2Fwebhook";
        asked(&words, &format!("{line}{TEXT}"), receipt);
        assert!(words.accepts(b"Success \"07033084-5cfd-4812-90a4-e4d24ffb6e3d\""));
        assert!(!words.accepts(b"Error \"No route found\""));
    }

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        // printf '%s' STRING | openssl sha256 -hmac benchSignatureSecret0123456789ab
        let expected = "0b87451b9d666d56480c7a3399e96faf56ca0fc073453bda2e2066270c5bd550";
        assert_eq!(signature("k", 7, true, LEAVES), format!("timestamp=1461605396&sig={expected}"));
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
