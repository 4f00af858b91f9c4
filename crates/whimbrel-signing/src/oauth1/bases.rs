//! The base strings that signers make instead of the right one.

use super::address::Address;
use super::base::{encoded, join, normalised, pairs, signed, sorted};
use super::parameters::{Origin, Parameter, Parameters};
use super::{Hints, SIGNATURE};
use crate::percent::{self, Style};
use crate::{Mistake, usual};

/// A mistake and the base string that it makes.
type Bases = Vec<(Mistake, Vec<u8>)>;

/// All of them, the likelier first.
pub(super) const GROUPS: &[fn(&Parameters, Hints<'_>) -> Bases] =
    &[addresses, methods, left_out, encodings, orders, times];

/// The base string of this address, the rest as it should be.
fn of_address(parameters: &Parameters, address: &str) -> Vec<u8> {
    join(&parameters.http_method, address.as_bytes(), &normalised(parameters, Style::Strict), Style::Strict)
}

/// The base string of these normalised parameters, the rest as it should be.
fn of_normalised(parameters: &Parameters, normalised: &[u8]) -> Vec<u8> {
    join(&parameters.http_method, parameters.address.base().as_bytes(), normalised, Style::Strict)
}

/// The base string of these parameters, the rest as it should be.
fn of<'a>(parameters: &Parameters, all: impl Iterator<Item = &'a Parameter>) -> Vec<u8> {
    of_normalised(parameters, &pairs(&sorted(encoded(all, Style::Strict))))
}

fn addresses(parameters: &Parameters, hints: Hints<'_>) -> Bases {
    let right = &parameters.address;
    let of = |mistake, address: Address| (mistake, of_address(parameters, &address.base()));
    let with = |change: fn(&mut Address)| {
        let mut address = right.clone();
        change(&mut address);
        address
    };
    let other_scheme =
        with(|address| address.scheme = if address.scheme == "https" { "http" } else { "https" }.to_owned());
    let mut found = vec![of(Mistake::OtherScheme, other_scheme)];
    // The default port of the one scheme is not that of the other.
    let port = right.port.unwrap_or(right.default_port());
    found.push(of(Mistake::OtherPort, with(|address| address.port = None)));
    let Address { scheme, host, path, query, .. } = right;
    found.push((Mistake::OtherPort, of_address(parameters, &format!("{scheme}://{host}:{port}{path}"))));
    found.push(of(
        Mistake::TrailingSlash,
        with(|address| match address.path.strip_suffix('/') {
            Some(shorter) => address.path = shorter.to_owned(),
            None => address.path.push('/'),
        }),
    ));
    if let Some(query) = query {
        let kept = format!("{}?{query}", right.base());
        let others = signed(parameters).filter(|parameter| parameter.origin != Origin::Query);
        let normalised = pairs(&sorted(encoded(others, Style::Strict)));
        found.push((Mistake::QueryKept, of_address(parameters, &kept)));
        found.push((Mistake::QueryKept, join(&parameters.http_method, kept.as_bytes(), &normalised, Style::Strict)));
    }
    found.push((Mistake::PathOnly, of_address(parameters, path)));
    found.push((Mistake::OtherPath, of_address(parameters, &right.base().replacen(path.as_str(), "/", 1))));
    for origin in hints.origins {
        let address = format!("{}{path}", origin.trim_end_matches('/'));
        if let Ok(address) = Address::read(&address) {
            found.push(of(Mistake::OtherHost, address));
        }
    }
    found
}

fn methods(parameters: &Parameters, _: Hints<'_>) -> Bases {
    let (address, normalised) = (parameters.address.base(), normalised(parameters, Style::Strict));
    let of = |method: &str| join(method, address.as_bytes(), &normalised, Style::Strict);
    let others = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].map(|method| (Mistake::OtherMethod, of(method)));
    let small = (Mistake::MethodInSmallLetters, of(&parameters.http_method.to_ascii_lowercase()));
    let newline = (Mistake::NewlineAdded, [of(&parameters.http_method), b"\n".to_vec()].concat());
    others.into_iter().chain([small, newline]).collect()
}

fn left_out(parameters: &Parameters, _: Hints<'_>) -> Bases {
    let without =
        |name: &'static str| of(parameters, signed(parameters).filter(move |one| one.name != name.as_bytes()));
    let not_from = |origin: Origin| of(parameters, signed(parameters).filter(move |one| one.origin != origin));
    let empty = Parameter { name: SIGNATURE.into(), value: vec![], origin: Origin::Header };
    let mut found = vec![
        (Mistake::QueryNotSigned, not_from(Origin::Query)),
        (Mistake::BodyNotSigned, not_from(Origin::Form)),
        (Mistake::TimestampNotSigned, without("oauth_timestamp")),
        (Mistake::NonceMissing, without("oauth_nonce")),
        (Mistake::KeyNotSigned, without("oauth_consumer_key")),
        (Mistake::TokenNotSigned, without("oauth_token")),
        (Mistake::VersionNotSigned, without("oauth_version")),
        (Mistake::BlanksLeftOut, of(parameters, signed(parameters).filter(|one| !one.value.is_empty()))),
        (Mistake::SignatureSigned, of(parameters, signed(parameters).chain([&empty]))),
    ];
    if let Some(realm) = &parameters.realm {
        let realm = Parameter { name: b"realm".to_vec(), value: realm.clone(), origin: Origin::Header };
        found.push((Mistake::RealmSigned, of(parameters, signed(parameters).chain([&realm]))));
    }
    found
}

fn encodings(parameters: &Parameters, _: Hints<'_>) -> Bases {
    let address = parameters.address.base();
    let all_in =
        |style: Style| join(&parameters.http_method, address.as_bytes(), &normalised(parameters, style), style);
    let inner = |style: Style| of_normalised(parameters, &normalised(parameters, style));
    let raw: Vec<_> = signed(parameters).map(|one| (one.name.clone(), one.value.clone())).collect();
    let twice = encoded(signed(parameters), Style::Strict)
        .into_iter()
        .map(|(name, value)| (percent::encode(&name, Style::Strict), percent::encode(&value, Style::Strict)));
    let unencoded = [parameters.http_method.as_bytes(), address.as_bytes(), &normalised(parameters, Style::Strict)];
    let in_latin = |one: &Parameter| usual::in_latin(&one.value).unwrap_or_else(|| one.value.clone());
    let latin = signed(parameters).map(|one| Parameter { value: in_latin(one), ..one.clone() }).collect::<Vec<_>>();
    let mut found = vec![];
    for (mistake, style) in [
        (Mistake::PlusForBlank, Style::PlusTilde),
        (Mistake::ReservedNotEncoded, Style::Component),
        (Mistake::UnreservedEncoded, Style::Old),
        (Mistake::PlusForBlank, Style::Plus),
        (Mistake::PlusForBlank, Style::Form),
        (Mistake::EscapesInSmallLetters, Style::StrictSmall),
    ] {
        found.push((mistake, inner(style)));
        found.push((mistake, all_in(style)));
    }
    found.extend([
        (Mistake::EncodedOnce, of_normalised(parameters, &pairs(&sorted(raw)))),
        (Mistake::EncodedThrice, of_normalised(parameters, &pairs(&sorted(twice.collect())))),
        (Mistake::WholeNotEncoded, unencoded.join(b"&".as_slice())),
        (Mistake::WrongCharset, of(parameters, latin.iter())),
    ]);
    found
}

fn orders(parameters: &Parameters, _: Hints<'_>) -> Bases {
    let in_order = encoded(signed(parameters), Style::Strict);
    let mut decoded: Vec<_> = signed(parameters).collect();
    decoded.sort_by(|one, other| (&one.name, &one.value).cmp(&(&other.name, &other.value)));
    let mut by_pair = in_order.clone();
    by_pair.sort_by_key(|(name, value)| [name, b"=".as_slice(), value].concat());
    let mut by_name = in_order.clone();
    by_name.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut ignoring_case = sorted(in_order.clone());
    ignoring_case.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let backwards = sorted(in_order.clone()).into_iter().rev().collect::<Vec<_>>();
    let of = |encoded: &[_]| of_normalised(parameters, &pairs(encoded));
    vec![
        (Mistake::NotSorted, of(&in_order)),
        (Mistake::SortedByNameAlone, of(&by_name)),
        (Mistake::SortedByPair, of(&by_pair)),
        (Mistake::SortedBeforeEncoding, of(&encoded(decoded.into_iter(), Style::Strict))),
        (Mistake::SortedIgnoringCase, of(&ignoring_case)),
        (Mistake::SortedBackwards, of(&backwards)),
    ]
}

fn times(parameters: &Parameters, _: Hints<'_>) -> Bases {
    let Ok(Some(sent)) = parameters.timestamp() else { return vec![] };
    let other = |seconds: i64| {
        let change = |one: &Parameter| match one.name == b"oauth_timestamp" {
            true => Parameter { value: seconds.to_string().into_bytes(), ..one.clone() },
            false => one.clone(),
        };
        of(parameters, signed(parameters).map(change).collect::<Vec<_>>().iter())
    };
    usual::times(sent.0).into_iter().map(|(mistake, seconds)| (mistake, other(seconds))).collect()
}
