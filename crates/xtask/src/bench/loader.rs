//! So many callers, each of which sends its next text when the last was answered: a closed loop, whose rate is what the gateway
//! gives.
//!
//! One thread. A text counts as accepted when its body says status "0", whatever the HTTP status. Every text and every recipient
//! is used once.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::{Started, unix_seconds};
use crate::failure::{Attempted as _, Failure, Outcome};
use crate::harness::answer::{Progress, read};

/// The first recipient; the others follow. A range that the United Kingdom keeps for drama, with one digit more.
const FIRST_RECIPIENT: u64 = 4_477_009_000_000;
/// How much longer than asked a run may take: then its open requests count as broken.
const OVERTIME: Duration = Duration::from_secs(30);

/// Whom to load, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The gateway's HTTP address.
    pub host: SocketAddr,
    /// The account's key.
    pub key: String,
    /// The account's secret.
    pub secret: String,
}

/// How much to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Callers at the same time.
    pub callers: u32,
    /// For how long new texts are sent.
    pub millis: u64,
    /// Whether each text asks for its receipt.
    pub receipts: bool,
    /// How each text proves who sends it.
    pub proof: Proof,
}

/// How a text proves who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the account's secret.
    Secret,
    /// By a signature, HMAC-SHA256.
    Signature,
}

/// The signature secret that a gateway is given for [`Proof::Signature`].
pub const SIGNATURE_SECRET: &str = "benchSignatureSecret0123456789ab";

/// What came of an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Texts whose body said so.
    pub accepted: u64,
    /// Texts with any other answer.
    pub refused: u64,
    /// Texts without a whole answer.
    pub broken: u64,
    /// The first answer that was no acceptance, or why there was none.
    pub first_trouble: Option<String>,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// How long acceptances took.
    pub p50_us: u64,
    /// See `p50_us`.
    pub p99_us: u64,
    /// See `p50_us`.
    pub p999_us: u64,
    /// See `p50_us`.
    pub max_us: u64,
}

/// What callers share.
struct Run {
    next: u64,
    tally: Tally,
    latency: Histogram<u64>,
}

impl Run {
    fn trouble(&mut self, what: impl FnOnce() -> String) {
        self.tally.first_trouble.get_or_insert_with(what);
    }
}

/// Carries out an order with numbers from `*used` on, which grows by those it used.
pub async fn load(target: &Target, order: Order, used: &RefCell<u64>) -> Outcome<Tally> {
    // From a microsecond to an hour, three digits.
    let latency = Histogram::new_with_bounds(1, 3_600_000_000, 3).attempting("make a histogram")?;
    let run = Rc::new(RefCell::new(Run { next: *used.borrow(), tally: Tally::default(), latency }));
    let started = Started::now();
    let length = Duration::from_millis(order.millis);
    let mut callers = JoinSet::new();
    for _ in 0..order.callers {
        callers.spawn_local(call(target.clone(), order, started, run.clone()));
    }
    let all = async {
        while let Some(ended) = callers.join_next().await {
            if let Err(failure) = ended.map_err(|error| Failure::new(error.to_string())).flatten() {
                let mut run = run.borrow_mut();
                run.tally.broken += 1;
                run.trouble(|| failure.to_string());
            }
        }
    };
    let in_time = tokio::time::timeout(length + OVERTIME, all).await.is_ok();
    let seconds = started.elapsed().as_secs_f64();
    if !in_time {
        let open = callers.len() as u64;
        callers.shutdown().await;
        let mut run = run.borrow_mut();
        run.tally.broken += open;
        run.trouble(|| format!("no answer within {} s after the end", OVERTIME.as_secs()));
    }
    let run = run.borrow();
    *used.borrow_mut() = run.next;
    let quantile = |at| run.latency.value_at_quantile(at);
    Ok(Tally {
        seconds,
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
        p999_us: quantile(0.999),
        max_us: run.latency.max(),
        ..run.tally.clone()
    })
}

/// One caller, until time is up. An error leaves the fate of its last text unknown.
async fn call(target: Target, order: Order, since: Started, run: Rc<RefCell<Run>>) -> Outcome<()> {
    let mut stream = TcpStream::connect(target.host).await.attempting(format_args!("connect to {}", target.host))?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    let length = Duration::from_millis(order.millis);
    while since.elapsed() < length {
        let number = {
            let mut run = run.borrow_mut();
            run.next += 1;
            run.next - 1
        };
        let request = request(&target, number, order);
        let started = Started::now();
        let body = exchange(&mut stream, request.as_bytes(), &mut buffer).await?;
        let took_us = started.elapsed_us();
        let mut run = run.borrow_mut();
        if is_acceptance(&body) {
            run.tally.accepted += 1;
            run.latency.saturating_record(took_us);
        } else {
            run.tally.refused += 1;
            run.trouble(|| String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned());
        }
    }
    Ok(())
}

/// Sends one request and reads its whole answer; the body.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Outcome<Vec<u8>> {
    stream.write_all(request).await.attempting("send a text")?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.attempting("wait for an answer")? == 0 {
            return Err(Failure::new("the gateway closed the connection before its answer"));
        }
        match read(buffer) {
            Progress::More => {}
            Progress::Done(answer, _) if answer.closes => {
                return Err(Failure::new(format!("the gateway ends the connection: {}", answer.text())));
            }
            Progress::Done(answer, _) => return Ok(answer.body),
            Progress::Broken(why) => return Err(Failure::new(format!("not an HTTP answer: {why}"))),
        }
    }
}

/// The text with this number: 53 plain characters, as in the figures of other gateways.
fn text(number: u64) -> String {
    format!("Text {number:012} of the bench is 53 characters long.")
}

fn request(target: &Target, number: u64, order: Order) -> String {
    let proof = match order.proof {
        Proof::Secret => format!("api_secret={}", target.secret),
        Proof::Signature => signature(target, number, order.receipts, unix_seconds()),
    };
    // Keys, secrets and texts are letters, digits, points and spaces: nothing else needs to be escaped.
    let body = format!(
        "api_key={}&{proof}&from=Whimbrel&to={}&text={}&status-report-req={}",
        target.key,
        FIRST_RECIPIENT + number,
        text(number).replace(' ', "+"),
        u8::from(order.receipts)
    );
    format!(
        "POST /sms/json HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        target.host,
        body.len()
    )
}

/// The time and the signature of a text: all parameters by name, `&` before each.
fn signature(target: &Target, number: u64, receipts: bool, now: u64) -> String {
    let (key, recipient, receipts, text) = (&target.key, FIRST_RECIPIENT + number, u8::from(receipts), text(number));
    let string =
        format!("&api_key={key}&from=Whimbrel&status-report-req={receipts}&text={text}&timestamp={now}&to={recipient}");
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNATURE_SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string.as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("timestamp={now}&sig={digits}")
}

/// Whether the answer to a text of one part says status "0". Parsing JSON here would cost more than the gateway does.
fn is_acceptance(body: &[u8]) -> bool {
    const NAME: &[u8] = b"\"status\"";
    let Some(at) = body.windows(NAME.len()).position(|window| window == NAME) else { return false };
    let value: Vec<u8> =
        body[at + NAME.len()..].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(4).collect();
    value == b":\"0\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_53_characters_and_differ() {
        for number in [0, 1, 999_999_999_999] {
            assert_eq!(text(number).len(), 53);
        }
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn a_request_is_a_form_with_its_length() {
        let target = Target { host: "127.0.0.1:80".parse().unwrap(), key: "k".into(), secret: "s".into() };
        let order = Order { callers: 1, millis: 1, receipts: true, proof: Proof::Secret };
        let request = request(&target, 7, order);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert_eq!(
            body,
            "api_key=k&api_secret=s&from=Whimbrel&to=4477009000007&text=Text+000000000007+of+the+bench+is+53+characters+long.\
             &status-report-req=1"
        );
    }

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        // printf '%s' STRING | openssl sha256 -hmac benchSignatureSecret0123456789ab
        let target = Target { host: "127.0.0.1:80".parse().unwrap(), key: "k".into(), secret: "s".into() };
        let expected = "aac79cae29e3afc5fe02b8b3dffe800e599fac8aef752ab0c71396f54f4e1a6d";
        assert_eq!(signature(&target, 7, true, 1_461_605_396), format!("timestamp=1461605396&sig={expected}"));
    }

    #[test]
    fn only_status_0_in_the_body_is_an_acceptance() {
        for body in ["{\"status\": \"0\"}", "{\"status\":\"0\",\"x\":1}", "{\n \"status\" :\n \"0\"}"] {
            assert!(is_acceptance(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "{\"status\": \"01\"}",
            "{\"status\": \"1\"}",
            "{\"status\": 0}",
            "{\"statuses\": \"0\"}",
            "\"status\"",
        ] {
            assert!(!is_acceptance(body.as_bytes()), "{body}");
        }
    }
}
