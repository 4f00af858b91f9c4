//! The usual mistakes, made again under each address.

use super::fields::Fields;
use super::{Hints, Received, Request, Stamp, TRIES_MAX, bases};
use crate::digest::{Hash, base64, hex};
use crate::explain::Suspect;
use crate::percent::{self, Plus, Style};
use crate::usual::{self, OtherSecret};
use crate::{Mistake, printf, reserialised};

/// What is looked into.
pub(super) struct Case<'a> {
    pub(super) received: &'a Received<'a>,
    pub(super) stamp: Stamp<'a>,
    pub(super) key: &'a [u8],
    pub(super) hints: Hints<'a>,
}

/// A mistake and the string that it makes.
type Strings = Vec<(Mistake, Vec<u8>)>;

/// Hosts of the vendor, old and new: clients that are pointed here by their resolver sign them.
const VENDOR_BASES: [&str; 2] = ["https://gateway.seven.io", "https://gateway.sms77.io"];
const METHODS: [&str; 5] = ["POST", "GET", "PUT", "DELETE", "PATCH"];

impl Case<'_> {
    /// Mistakes in string, key and algorithm, as digests of that many octets.
    pub(super) fn suspects(&self, octets: usize) -> impl Iterator<Item = Suspect> {
        let of_strings = self.fields().flat_map(|fields| self.strings(&fields));
        let of_strings = of_strings.map(|(mistake, string)| (mistake, self.hmac(&string)));
        let of_keys = self.fields().flat_map(|fields| self.keys(&fields.joined()));
        let cut = self.fields().filter_map(move |fields| usual::truncated(self.hmac(&fields.joined()), octets));
        of_strings.chain(of_keys).filter(move |(_, digest)| digest.len() == octets).chain(cut)
    }

    /// Mistakes in how the digest is written, as texts.
    pub(super) fn written_otherwise(&self, presented: &str) -> Vec<Suspect> {
        self.fields().flat_map(|fields| usual::instead_of_hex(&self.hmac(&fields.joined()), presented)).collect()
    }

    /// The right fields under each address.
    fn fields(&self) -> impl Iterator<Item = Fields> {
        bases(self.received).take(TRIES_MAX).map(|base| self.fields_at(base))
    }

    fn fields_at(&self, base: &str) -> Fields {
        let url = format!("{base}{}", self.received.path_and_query);
        Fields::of(&Request { method: self.received.method, url: &url, body: self.received.body }, self.stamp)
    }

    fn hmac(&self, string: &[u8]) -> Vec<u8> {
        Hash::Sha256.hmac(self.key, &[string])
    }

    fn strings(&self, fields: &Fields) -> Strings {
        let groups: [fn(&Self, &Fields) -> Strings; 5] =
            [Self::joins, Self::bodies, Self::methods, Self::addresses, Self::stamps];
        groups.iter().flat_map(|group| group(self, fields)).collect()
    }

    fn joins(&self, fields: &Fields) -> Strings {
        let joined = fields.joined();
        let with_newline = [joined.as_slice(), b"\n"].concat();
        let indented = fields.joined_by("\n  ");
        let mut found = vec![
            (Mistake::NewlineAdded, with_newline),
            (Mistake::NewlineMissing, fields.joined_by("")),
            (Mistake::NewlineMissing, fields.joined_by(" ")),
            (Mistake::NewlineLiteral, fields.joined_by("\\n")),
            (Mistake::CarriageReturn, fields.joined_by("\r\n")),
            (Mistake::FieldsIndented, [b"  ".as_slice(), &indented].concat()),
            (Mistake::FieldsIndented, indented),
        ];
        found.extend(printf::output(&joined).map(|string| (Mistake::PrintfFormat, string)));
        found.extend(orders(fields).into_iter().map(|string| (Mistake::FieldOrder, string)));
        found.retain(|(_, string)| *string != joined);
        found
    }

    fn bodies(&self, fields: &Fields) -> Strings {
        let body = self.received.body;
        let with = |last: Vec<u8>| Fields { body: last, ..fields.clone() };
        let digits = |octets: &[u8]| hex(&Hash::Md5.of(&[octets])).into_bytes();
        let own = Hash::Md5.of(&[body]);
        let mut last: Strings = reserialised::forms(body)
            .iter()
            .map(|form| (Mistake::BodyReserialised, digits(form)))
            .chain([
                (Mistake::BodyEmpty, digits(b"")),
                (Mistake::BodyEmpty, vec![]),
                (Mistake::BodyWithNewline, digits(&[body, b"\n"].concat())),
                (Mistake::BodyNotHashed, body.to_vec()),
                (Mistake::FileNameKept, [fields.body.as_slice(), b"  -"].concat()),
                (Mistake::HexInCapitals, hex(&own).to_uppercase().into_bytes()),
                (Mistake::BodyHashOther, base64(&own).into_bytes()),
                (Mistake::BodyHashOther, own),
                (Mistake::BodyHashOther, hex(&Hash::Sha256.of(&[body])).into_bytes()),
                (Mistake::BodyHashOther, hex(&Hash::Sha1.of(&[body])).into_bytes()),
            ])
            .collect();
        last.retain(|(_, last)| *last != fields.body);
        let mut found: Strings = last.into_iter().map(|(mistake, last)| (mistake, with(last).joined())).collect();
        // The documentation's script gives both the body and the string to `printf` as its format.
        if let Some(printed) = printf::output(body).filter(|printed| printed != body) {
            let string = with(digits(&printed)).joined();
            found.extend(printf::output(&string).map(|string| (Mistake::PrintfFormat, string)));
            found.push((Mistake::PrintfFormat, string));
        }
        found
    }

    fn methods(&self, fields: &Fields) -> Strings {
        let with = |method: &str| Fields { method: method.to_owned(), ..fields.clone() }.joined();
        let small = self.received.method.to_lowercase();
        let mut found = vec![];
        if small != self.received.method {
            found.push((Mistake::MethodInSmallLetters, with(&small)));
        }
        let others = METHODS.iter().filter(|method| **method != self.received.method);
        found.extend(others.map(|method| (Mistake::OtherMethod, with(method))));
        found
    }

    fn addresses(&self, fields: &Fields) -> Strings {
        let url = String::from_utf8_lossy(&fields.url).into_owned();
        let (base, path_and_query) = url.split_at(url.len() - self.received.path_and_query.len());
        let mut found: Vec<(Mistake, Vec<u8>)> = vec![(Mistake::PathOnly, path_and_query.into())];
        found.extend(other_bases(base).map(|(mistake, base)| (mistake, format!("{base}{path_and_query}").into())));
        found.extend(other_paths(path_and_query).map(|(mistake, path)| (mistake, [base.as_bytes(), &path].concat())));
        let vendor = VENDOR_BASES.iter().filter(|vendor| **vendor != base);
        found.extend(vendor.map(|vendor| (Mistake::OtherHost, format!("{vendor}{path_and_query}").into())));
        let known: Vec<_> = self.fields().map(|fields| fields.url).collect();
        found.retain(|(_, url)| !known.contains(url));
        found.into_iter().map(|(mistake, url)| (mistake, Fields { url, ..fields.clone() }.joined())).collect()
    }

    fn stamps(&self, fields: &Fields) -> Strings {
        let seconds = self.stamp.timestamp.0;
        let at = |text: i64| Fields { timestamp: text.to_string(), ..fields.clone() }.joined();
        let [timestamp, _, method, url, body] = fields.in_order();
        let mut found = vec![
            (Mistake::NonceMissing, [timestamp, method, url, body].join(&b'\n')),
            (Mistake::NonceMissing, [timestamp, b"", method, url, body].join(&b'\n')),
        ];
        let near = [-1, 1, -2, 2].map(|off| seconds.saturating_add(off));
        found.extend(
            near.into_iter().filter(|other| *other != seconds).map(|other| (Mistake::TimestampDiffers, at(other))),
        );
        // In the string or in the header.
        found.push((Mistake::TimestampInMilliseconds, at(seconds.saturating_mul(1000))));
        found.push((Mistake::TimestampInMilliseconds, at(seconds / 1000)));
        found
    }

    fn keys(&self, string: &[u8]) -> Vec<Suspect> {
        let hmac = |(mistake, key): OtherSecret| (mistake, Hash::Sha256.hmac(&key, &[string]));
        let others = usual::secrets(self.key, self.hints.api_key).into_iter().map(hmac);
        others.chain(usual::instead_of_hmac(Hash::Sha256, self.key, string)).collect()
    }
}

/// The fields in every other order.
fn orders(fields: &Fields) -> Vec<Vec<u8>> {
    fn extend<'a>(taken: &mut Vec<&'a [u8]>, left: &[&'a [u8]], found: &mut Vec<Vec<u8>>) {
        if left.is_empty() {
            found.push(taken.join(&b'\n'));
        }
        for (index, field) in left.iter().enumerate() {
            taken.push(field);
            let rest: Vec<_> = left.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, f)| *f).collect();
            extend(taken, &rest, found);
            taken.pop();
        }
    }
    let mut found = vec![];
    extend(&mut vec![], &fields.in_order(), &mut found);
    found
}

fn other_bases(base: &str) -> impl Iterator<Item = (Mistake, String)> + use<> {
    let (scheme, authority) = base.split_once("://").unwrap_or(("https", base));
    let other = if scheme == "https" { "http" } else { "https" };
    let mut found = vec![(Mistake::OtherScheme, format!("{other}://{authority}"))];
    let port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|octet| octet.is_ascii_digit()));
    match port {
        Some((host, _)) => found.push((Mistake::OtherPort, format!("{scheme}://{host}"))),
        None => {
            found.extend([443, 80, 8080].map(|port| (Mistake::OtherPort, format!("{scheme}://{authority}:{port}"))))
        }
    }
    found.push((Mistake::OtherScheme, authority.to_owned()));
    found.into_iter()
}

fn other_paths(path_and_query: &str) -> impl Iterator<Item = (Mistake, Vec<u8>)> + use<> {
    let (path, query) =
        path_and_query.split_once('?').map_or((path_and_query, None), |(path, query)| (path, Some(query)));
    let tail = query.map(|query| format!("?{query}")).unwrap_or_default();
    let slashed = match path.strip_suffix('/') {
        Some(short) => format!("{short}{tail}"),
        None => format!("{path}/{tail}"),
    };
    let mut found = vec![(Mistake::TrailingSlash, slashed.into_bytes())];
    if let Some(query) = query {
        found.push((Mistake::QueryDropped, path.into()));
        let others = other_queries(query).into_iter().filter(|other| other != query.as_bytes());
        found.extend(others.map(|other| (Mistake::QueryReencoded, [path.as_bytes(), b"?", &other].concat())));
    }
    found.into_iter()
}

/// The query decoded, and decoded and encoded anew.
fn other_queries(query: &str) -> Vec<Vec<u8>> {
    let anew = |plus: Plus, style: Style| {
        let part = |part: &str| percent::encode(&percent::decode(part.as_bytes(), plus), style);
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => [part(name), part(value)].join(&b'='),
            None => part(pair),
        };
        query.split('&').map(pair).collect::<Vec<_>>().join(&b'&')
    };
    let mut found =
        vec![percent::decode(query.as_bytes(), Plus::Itself), percent::decode(query.as_bytes(), Plus::Blank)];
    for style in [Style::Strict, Style::Plus, Style::Form, Style::PlusTilde, Style::Component, Style::StrictSmall] {
        found.extend([anew(Plus::Blank, style), anew(Plus::Itself, style)]);
    }
    found
}
