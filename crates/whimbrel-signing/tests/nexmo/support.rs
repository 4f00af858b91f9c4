//! Short ways to sign and verify.

use whimbrel_signing::nexmo::{self, Form, Method, Parameters, Policy, Tolerance};
use whimbrel_signing::{Fault, Secret, UnixSeconds};

/// The pairs of a form.
pub fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut octets = Vec::new();
        let mut rest = text.bytes();
        while let Some(octet) = rest.next() {
            octets.push(match octet {
                b'+' => b' ',
                b'%' => {
                    let digits: String = rest.by_ref().take(2).map(char::from).collect();
                    u8::from_str_radix(&digits, 16).expect("an escape")
                }
                other => other,
            });
        }
        String::from_utf8(octets).expect("UTF-8")
    };
    text.split('&')
        .map(|pair| pair.split_once('=').expect("a pair"))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Verifies pairs with a signature, at the time that they name.
pub fn verify(pairs: &[(&str, &str)], secret: &str, method: Method, tolerance: Tolerance<'_>) -> Result<Form, Fault> {
    let parameters = Parameters::new(pairs.iter().copied())?;
    let timestamp = pairs.iter().find(|(name, _)| *name == "timestamp").and_then(|(_, text)| text.parse().ok());
    let policy = Policy { tolerance, ..Policy::new(method) };
    let now = UnixSeconds(timestamp.unwrap_or(0));
    nexmo::verify(&parameters, Secret::new(secret), &policy, now).map(|verified| verified.form)
}

/// What the gateway's dialect tolerates.
pub const TOLERANT: Tolerance<'static> = Tolerance { blanks_left_out: true, unset_as_none: nexmo::PYTHON_UNSET };
