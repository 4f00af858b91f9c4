//! What must hold for any request, in one place for the fuzzers and the tests.

use whimbrel_core::{CODE_MARK, CodePlace, MessageText, Outcome, Refusal, Span, Timestamp};

use crate::http::{HttpRequest, HttpResponse};
use crate::registry::DIALECTS;
use crate::{Dialect, Match, Parsed, PublicId};

/// A secret, code or text that must not be shown wherever it stands in a request.
pub const PLANTED: &str = "planted-5e7a";

/// 2026-11-24, about noon.
const NOW: Timestamp = Timestamp(1_795_526_000_000_000);
const TRACE: u128 = 7;

/// Reads octets as a request in text: its line, headers, an empty line, the body. Every dialect reads it without a panic; what it made
/// of it does not show [`PLANTED`]; whatever it is refused for is an answer that can be sent.
///
/// # Panics
///
/// When one of these does not hold.
pub fn request(octets: &[u8]) {
    let (head, body) = split(octets);
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers: Vec<(String, &[u8])> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().as_bytes()))
        .collect();
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let request = HttpRequest { method, path, query, headers: &headers, body };
    for dialect in DIALECTS {
        match dialect.read(&request, TRACE, NOW) {
            Match::NotMine => {}
            Match::Answered(answer) => sendable(&answer),
            Match::Parsed(parsed) => read_request(*dialect, &request, *parsed),
        }
        let _ = dialect.client_answer(body);
        if let Some(id) = dialect.read_public_id(path.rsplit('/').next().unwrap_or_default()) {
            let again = match id {
                PublicId::Id(id) => dialect.public_id(id, None),
                PublicId::Serial(serial) => dialect.public_id(0, Some(serial)),
            };
            assert_eq!(dialect.read_public_id(&again), Some(id), "an id reads back as another");
        }
    }
}

fn read_request(dialect: &dyn Dialect, request: &HttpRequest<'_>, parsed: Parsed) {
    let shown = format!("{:?} {:?}", parsed.claim, parsed.call);
    // Whoever writes a secret where the key belongs has no key that may be hidden: who calls is no secret.
    let is_key = parsed.claim.as_ref().is_ok_and(|claim| claim.name().is_some_and(|name| name.contains(PLANTED)));
    assert!(is_key || !shown.contains(PLANTED), "{} shows what it must not: {shown}", dialect.descriptor().id);
    let own = [parsed.claim.err(), parsed.call.err()].into_iter().flatten();
    let wait = Span::seconds(3);
    let others = [Refusal::BadCredentials, Refusal::Internal, Refusal::Overloaded, Refusal::TooManyFailures { wait }];
    for refusal in own.chain(others) {
        let _ = dialect.rejection(request, &refusal, NOW);
        sendable(&dialect.render(&Outcome::Refused(refusal), &parsed.reply));
    }
}

/// Plants a secret behind octets: as a parameter, as a member, in an address, as a code in a text. However these are shown, it is not;
/// and what is shown once is shown the same again.
///
/// # Panics
///
/// When one of these does not hold.
pub fn masking(octets: &[u8]) {
    if octets.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes()) {
        return;
    }
    for hidden in DIALECTS.iter().map(|dialect| dialect.hidden()) {
        let secrets = ["password", "Secret", "TOKEN", "access_token"].iter().chain(hidden.parameters);
        for name in secrets {
            let form = [octets, format!("&{name}={PLANTED}").as_bytes()].concat();
            not_shown(hidden.body(&form).as_deref());
            let (open, close) = (format!("{{\"{name}\":\"{PLANTED}\",\"more\":"), "}");
            let json = [open.as_bytes(), octets, close.as_bytes()].concat();
            not_shown(hidden.body(&json).as_deref());
            if let Ok(text) = std::str::from_utf8(octets) {
                let sign = if text.contains('?') { '&' } else { '?' };
                not_shown(Some(&hidden.url(&format!("{text}{sign}{name}={PLANTED}"))));
            }
        }
        for name in hidden.headers {
            let value = [PLANTED.as_bytes(), octets].concat();
            not_shown(Some(&hidden.header(name, &value)));
        }
        if let Some(shown) = hidden.body(octets) {
            assert_eq!(hidden.body(shown.as_bytes()), Some(shown.clone()), "shown again it is another one");
        }
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    // A planted code in the middle of the text, and the octets as a place that may be none.
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (before, after) = text.split_at(middle);
    let template = format!("{before}{CODE_MARK}{after}");
    if let Some(text) = MessageText::with_code(&template, PLANTED) {
        assert!(!text.masked().contains(PLANTED), "a code is shown");
        assert_eq!(text.masked().chars().count(), text.expose().chars().count(), "a star for each character");
    }
    if let [from, length, ..] = *octets
        && let Some(text) = MessageText::with_code_at(text, CodePlace { from: u16::from(from), length })
    {
        assert_eq!(text.masked().chars().count(), text.expose().chars().count(), "a star for each character");
    }
}

fn not_shown(shown: Option<&str>) {
    assert!(!shown.is_some_and(|shown| shown.contains(PLANTED)), "a secret is shown");
}

/// An answer that a server can send: nothing of the request splits its headers.
fn sendable(answer: &HttpResponse) {
    assert!((200..600).contains(&answer.status), "status {}", answer.status);
    for (name, value) in &answer.headers {
        assert!(!name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic()), "header {name:?}");
        assert!(value.bytes().all(|octet| octet == b'\t' || (octet >= b' ' && octet != 0x7F)), "{name}: {value:?}");
    }
}

/// Head and body; lines end as they like.
fn split(octets: &[u8]) -> (&[u8], &[u8]) {
    for end in [&b"\r\n\r\n"[..], b"\n\n"] {
        if let Some(at) = octets.windows(end.len()).position(|window| window == end) {
            return (&octets[..at], &octets[at + end.len()..]);
        }
    }
    (octets, b"")
}
