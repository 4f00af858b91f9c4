//! `whimbrel sign` and `whimbrel verify`, for every scheme of the registry: what a scheme takes and says is its own.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};
use whimbrel_core::{Secret, Timestamp, World};
use whimbrel_engine::SystemWorld;
use whimbrel_inbox::search::instant;
use whimbrel_signing::message::Message;
use whimbrel_signing::registry::{self, Address, Given, Place, Scheme, Trouble};
use whimbrel_signing::{Explanation, UnixSeconds, Verdict, Window};

use super::args::{MessageArgs, SchemeSecretArgs, SignArgs, VerifyArgs};
use super::client::env;
use super::output::{Out, printable};
use super::raw::{self, RawRequest};
use super::{Exit, Failure};
use crate::config::{read_config_file, read_secret_file};

/// Octets of a message that is read.
const MESSAGE_OCTETS_MAX: u64 = 1024 * 1024;
/// Stands for the address where a scheme does not sign it and none is given.
const NOWHERE: &str = "https://localhost/";
/// Octets of a secret on stdin.
const SECRET_OCTETS_MAX: u64 = 64 * 1024;

/// `whimbrel sign`.
pub(super) fn sign(args: &SignArgs, out: &Out) -> Result<(), Failure> {
    let scheme = scheme(&args.scheme)?;
    let world = SystemWorld::new(0, 0);
    let nonce = args.nonce.clone().unwrap_or_else(|| format!("{:016x}{:016x}", world.random(), world.random()));
    let asked = Asked { message: &args.message, secret: &args.secret, window: None, nonce: &nonce };
    let signed = with_message(scheme, &asked, &world, |message, given| scheme.sign(message, given))?;
    let additions: Value = signed
        .additions
        .iter()
        .map(|addition| {
            let place = if addition.place == Place::Header { "header" } else { "parameter" };
            json!({ "place": place, "name": addition.name, "value": addition.value })
        })
        .collect();
    let canonical = signed.canonical.to_text();
    let mut document = json!({ "scheme": scheme.about().name, "additions": additions });
    if args.explain {
        document["canonical"] = json!(canonical);
    }
    out.document("signed", &document, || {
        let mut lines = vec![];
        if args.explain {
            out.hint(&format!("signed: {}", shown(&canonical)));
        }
        for addition in &signed.additions {
            let separator = if addition.place == Place::Header { ": " } else { "=" };
            lines.push(format!("{}{separator}{}", addition.name, printable(&addition.value)));
        }
        lines.join("\n")
    });
    Ok(())
}

/// `whimbrel verify`.
pub(super) fn verify(args: &VerifyArgs, out: &Out) -> Result<(), Failure> {
    let scheme = scheme(&args.scheme)?;
    let window = args.window.map(Window::symmetric);
    let asked = Asked { message: &args.message, secret: &args.secret, window, nonce: "" };
    let world = SystemWorld::new(0, 0);
    let (explanation, body) = with_message(scheme, &asked, &world, |message, given| {
        Ok((scheme.explain(message, given)?, BodyFacts::of(message.body)))
    })?;
    let document = document(scheme, &explanation, args.explain.then_some(&body));
    let is_good = explanation.verdict == Verdict::Matches;
    if is_good || args.explain {
        out.document("verified", &document, || told(&explanation, args.explain.then_some(&body)));
    }
    if is_good { Ok(()) } else { Err(refused(&explanation.verdict, args.explain)) }
}

fn scheme(name: &str) -> Result<&'static dyn Scheme, Failure> {
    registry::of_name(name).ok_or_else(|| Failure::new(Exit::Usage, "there is no such scheme"))
}

/// What both commands are asked.
struct Asked<'a> {
    message: &'a MessageArgs,
    secret: &'a SchemeSecretArgs,
    window: Option<Window>,
    nonce: &'a str,
}

/// Reads message, secrets and settings, and does something with them.
fn with_message<T>(
    scheme: &dyn Scheme,
    asked: &Asked<'_>,
    world: &SystemWorld,
    act: impl FnOnce(&Message<'_>, &Given<'_>) -> Result<T, Trouble>,
) -> Result<T, Failure> {
    let Asked { message: args, secret, window, nonce } = asked;
    let settings: Vec<(&str, &str)> =
        args.settings.iter().map(|setting| setting.split_once('=').unwrap_or((setting, ""))).collect();
    scheme.about().check(&settings).map_err(|trouble| usage(scheme, &trouble))?;
    let (request, url) = request(args, secret, scheme.about().address)?;
    let (first, second) = (first_secret(secret)?, second_secret(secret)?);
    let now = match &args.at {
        None => world.now().unix_seconds(),
        Some(text) => at(text, world.now()).ok_or_else(|| {
            Failure::new(Exit::Usage, "--at takes seconds since 1970, or a time such as 2026-11-22T06:00:00Z")
        })?,
    };
    let given = Given {
        secret: whimbrel_signing::Secret::new(first.expose()),
        second: second.as_ref().map(|second| whimbrel_signing::Secret::new(second.expose())),
        settings: &settings,
        now: UnixSeconds(now),
        nonce,
        window: *window,
    };
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let message = Message { method: &request.method, url: &url, headers: &headers, body: &request.body };
    act(&message, &given).map_err(|trouble| match trouble {
        Trouble::Fault(_) => Failure::from_error(Exit::Usage, scheme.about().name, &trouble),
        _ => usage(scheme, &trouble),
    })
}

/// Seconds since 1970.
fn at(text: &str, now: Timestamp) -> Option<i64> {
    text.parse().ok().or_else(|| instant(text, now).map(Timestamp::unix_seconds))
}

/// A setting or key that is not what the scheme takes, and what it takes.
fn usage(scheme: &dyn Scheme, trouble: &Trouble) -> Failure {
    let about = scheme.about();
    let of = |name: &str| about.settings.iter().find(|setting| setting.name == name);
    let remedy = match trouble {
        Trouble::Value(name) | Trouble::Needed(name) => of(name).map_or(String::new(), |setting| {
            let values = if setting.values.is_empty() { setting.meaning.to_owned() } else { setting.values.join(", ") };
            format!("give --set {name}=..: {values}")
        }),
        Trouble::NoKey(_) => format!("it takes {}", about.secret),
        Trouble::UnknownSetting(_) | Trouble::Fault(_) => {
            let names: Vec<_> = about.settings.iter().map(|setting| setting.name).collect();
            format!("it takes {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") })
        }
    };
    Failure::new(Exit::Usage, format!("{}: {trouble}; {remedy}", about.name))
}

/// The message with its whole address.
fn request(args: &MessageArgs, secret: &SchemeSecretArgs, address: Address) -> Result<(RawRequest, String), Failure> {
    let wrong = |problem: String| Failure::new(Exit::Usage, format!("the message: {problem}"));
    let has_pieces = args.data.is_some()
        || args.data_file.is_some()
        || args.headers.is_some()
        || args.method.is_some()
        || !args.header.is_empty();
    let url = match (&args.url, address) {
        (Some(url), _) => Some(url.as_str()),
        (None, Address::NotSigned) => has_pieces.then_some(NOWHERE),
        (None, Address::Signed) if has_pieces => {
            return Err(wrong("this scheme signs the address as well; give --url".to_owned()));
        }
        (None, Address::Signed) => None,
    };
    let Some(url) = url else {
        let octets = match args.file.as_deref().filter(|path| path.as_os_str() != "-") {
            Some(path) => read_file(path)?,
            None if secret.secret_stdin => {
                return Err(wrong("stdin holds the secret; give --file or --url".to_owned()));
            }
            None => read_some(std::io::stdin(), MESSAGE_OCTETS_MAX, "stdin")?,
        };
        let request = raw::read(&octets).map_err(wrong)?;
        let url = request.url(args.base_url.as_deref()).map_err(wrong)?;
        return Ok((request, url));
    };
    let body = match (&args.data, &args.data_file) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(path)) => read_file(path)?,
        (None, None) => vec![],
    };
    let mut headers = vec![];
    let kept = args.headers.as_deref().map(header_lines).transpose()?.unwrap_or_default();
    for header in kept.iter().chain(&args.header) {
        let (name, value) = header.split_once(':').ok_or_else(|| wrong("a header is `NAME: VALUE`".to_owned()))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !body.is_empty() && !has_type {
        headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = args.method.clone().unwrap_or_else(|| if body.is_empty() { "GET" } else { "POST" }.to_owned());
    Ok((RawRequest { method, target: String::new(), headers, body }, url.to_owned()))
}

/// The headers of a file, up to an empty line. The first line may be that of a request or an answer: it has a blank before any colon.
fn header_lines(path: &Path) -> Result<Vec<String>, Failure> {
    let octets = read_file(path)?;
    let what = path.display();
    let text = String::from_utf8(octets).map_err(|_| Failure::new(Exit::Usage, format!("{what} is not UTF-8")))?;
    let is_first_line = |line: &str| line.find(' ').is_some_and(|blank| !line[..blank].contains(':'));
    let mut lines = text.lines().peekable();
    if lines.peek().is_some_and(|line| is_first_line(line)) {
        lines.next();
    }
    Ok(lines.take_while(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

fn first_secret(args: &SchemeSecretArgs) -> Result<Secret, Failure> {
    if !args.secret_stdin {
        let found = secret_of(args.secret_env.as_deref(), args.secret_file.as_deref())?;
        return found.ok_or_else(|| Failure::new(Exit::Usage, "give --secret-env, --secret-file or --secret-stdin"));
    }
    let octets = read_some(std::io::stdin(), SECRET_OCTETS_MAX, "stdin")?;
    let text = String::from_utf8(octets).map_err(|_| Failure::new(Exit::Usage, "the secret on stdin is not UTF-8"))?;
    // A key in PEM has several lines, every other secret one.
    let is_pem = text.starts_with("-----BEGIN ");
    let secret = if is_pem { text.as_str() } else { text.lines().next().unwrap_or_default() };
    Ok(Secret::new(secret))
}

fn second_secret(args: &SchemeSecretArgs) -> Result<Option<Secret>, Failure> {
    secret_of(args.second_secret_env.as_deref(), args.second_secret_file.as_deref())
}

fn secret_of(name: Option<&str>, path: Option<&Path>) -> Result<Option<Secret>, Failure> {
    if let Some(name) = name {
        let missing = || Failure::new(Exit::Usage, format!("{name} is not set or empty: put the secret there"));
        return env(name).map(Secret::new).ok_or_else(missing).map(Some);
    }
    let Some(path) = path else { return Ok(None) };
    let text = read_secret_file(path).or_else(|error| match read_config_file(path) {
        // A public key is no secret: others may read it.
        Ok(text) if is_public(&text) => Ok(text),
        _ => Err(error),
    });
    let text = text.map_err(|error| Failure::from_error(Exit::Usage, "the secret", &error))?;
    Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
}

fn is_public(text: &str) -> bool {
    let label = text.trim_start().strip_prefix("-----BEGIN ").and_then(|rest| rest.split("-----").next());
    label.is_some_and(|label| label.ends_with("PUBLIC KEY"))
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let what = path.display().to_string();
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::from_error(Exit::Usage, &format!("cannot read {what}"), &error))?;
    read_some(file, MESSAGE_OCTETS_MAX, &what)
}

fn read_some(from: impl Read, octets_max: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let mut octets = vec![];
    let read = from.take(octets_max + 1).read_to_end(&mut octets);
    read.map_err(|error| Failure::from_error(Exit::Usage, &format!("cannot read {what}"), &error))?;
    if octets.len() as u64 > octets_max {
        return Err(Failure::new(Exit::Usage, format!("{what} has more than {octets_max} bytes")));
    }
    Ok(octets)
}

/// What can be said of a body without showing it: two people can compare that.
struct BodyFacts {
    octets: usize,
    sha256: String,
    ends_with_newline: bool,
}

impl BodyFacts {
    fn of(body: &[u8]) -> Self {
        use sha2::Digest as _;
        let sha256 = crate::api::messages::hex(&sha2::Sha256::digest(body));
        Self { octets: body.len(), sha256, ends_with_newline: body.ends_with(b"\n") }
    }
}

/// The verdict for programs; with what would match only if that is asked for.
fn document(scheme: &dyn Scheme, explanation: &Explanation, body: Option<&BodyFacts>) -> Value {
    let mut document = json!({ "scheme": scheme.about().name, "verdict": word(&explanation.verdict) });
    if let Some(body) = body {
        document["body"] =
            json!({ "octets": body.octets, "sha256": body.sha256, "ends_with_newline": body.ends_with_newline });
        document["canonical"] = json!(explanation.canonical.to_text());
        document["expected"] = json!(explanation.expected.as_ref().map(whimbrel_signing::Signature::as_str));
        document["detail"] = match &explanation.verdict {
            Verdict::Mistake(mistake) => {
                json!({ "mistake": mistake.name(), "sentence": mistake.sentence(), "remedy": mistake.remedy() })
            }
            Verdict::Malformed(fault) => json!({ "fault": fault.to_string() }),
            Verdict::Matches | Verdict::Unknown => Value::Null,
        };
    }
    document
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Matches => "matches",
        Verdict::Mistake(_) => "mistake",
        Verdict::Unknown => "unknown",
        Verdict::Malformed(_) => "refused",
    }
}

fn told(explanation: &Explanation, body: Option<&BodyFacts>) -> String {
    let Some(body) = body else { return word(&explanation.verdict).to_owned() };
    let expected = explanation.expected.as_ref().map_or("-", whimbrel_signing::Signature::as_str);
    let why = match &explanation.verdict {
        Verdict::Matches => "matches".to_owned(),
        Verdict::Mistake(mistake) => format!("{}: {mistake}", mistake.name()),
        Verdict::Unknown => {
            "unknown: no usual mistake gives this signature. Compare the string above with the one that \
             was signed; if they are equal, the secret is another one, or the message was changed on its way."
                .to_owned()
        }
        Verdict::Malformed(fault) => format!("refused: {fault}"),
    };
    let newline = if body.ends_with_newline { "ends with a newline" } else { "no newline at its end" };
    let body = match body.octets {
        0 => String::new(),
        octets => format!("body:     {octets} octets, SHA-256 {}, {newline}\n", body.sha256),
    };
    format!(
        "to sign:  {}\n{body}expected: {}\nverdict:  {}",
        shown(&explanation.canonical.to_text()),
        printable(expected),
        printable(&why)
    )
}

/// In quotes and with escapes, so that blanks and newlines are seen.
fn shown(text: &str) -> String {
    printable(&Value::from(text).to_string())
}

fn refused(verdict: &Verdict, is_explained: bool) -> Failure {
    let message = match verdict {
        Verdict::Malformed(fault) => printable(&fault.to_string()),
        _ if is_explained => "the signature does not match".to_owned(),
        _ => "the signature does not match; --explain says why, if a usual mistake was made".to_owned(),
    };
    Failure::coded(Exit::Unauthorized, "E0401", message)
}
