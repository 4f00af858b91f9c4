//! The signature base string (RFC 5849 §3.4.1).

use super::SIGNATURE;
use super::parameters::{Parameter, Parameters};
use crate::percent::{self, Style};

/// The base string of a request.
pub(super) fn string(parameters: &Parameters) -> Vec<u8> {
    join(
        &parameters.http_method,
        parameters.address.base().as_bytes(),
        &normalised(parameters, Style::Strict),
        Style::Strict,
    )
}

/// Method, address and normalised parameters, the latter two encoded, with `&` between them.
pub(super) fn join(method: &str, address: &[u8], normalised: &[u8], style: Style) -> Vec<u8> {
    let mut string = method.as_bytes().to_vec();
    for part in [address, normalised] {
        string.push(b'&');
        percent::encode_into(&mut string, part, style);
    }
    string
}

/// The parameters of a request as one text (RFC 5849 §3.4.1.3.2).
pub(super) fn normalised(parameters: &Parameters, style: Style) -> Vec<u8> {
    pairs(&sorted(encoded(signed(parameters), style)))
}

/// All but the signature.
pub(super) fn signed(parameters: &Parameters) -> impl Iterator<Item = &Parameter> {
    parameters.all.iter().filter(|parameter| parameter.name != SIGNATURE.as_bytes())
}

/// An encoded name and its encoded value.
pub(super) type Encoded = (Vec<u8>, Vec<u8>);

pub(super) fn encoded<'a>(parameters: impl Iterator<Item = &'a Parameter>, style: Style) -> Vec<Encoded> {
    parameters
        .map(|parameter| (percent::encode(&parameter.name, style), percent::encode(&parameter.value, style)))
        .collect()
}

/// By encoded name, then by encoded value.
pub(super) fn sorted(mut encoded: Vec<Encoded>) -> Vec<Encoded> {
    encoded.sort();
    encoded
}

pub(super) fn pairs(encoded: &[Encoded]) -> Vec<u8> {
    let pairs: Vec<_> = encoded.iter().map(|(name, value)| [name, b"=".as_slice(), value].concat()).collect();
    pairs.join(b"&".as_slice())
}
