//! What a key may be used for, how, and from where: the operator's policy for one account.
//!
//! Judged after the credential itself was found good: a policy never helps a guess. The cap on spending is judged by the store
//! where the money is held, so that no two requests can pass it together.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::account::text_forms;
use crate::call::Refusal;
use crate::choice::Choice;
use crate::credential::{AuthMethod, Scope, SignatureMethod};
use crate::money::Money;

/// Source networks that one policy may name.
pub const SOURCE_NETWORKS_MAX: usize = 64;

/// The policy. The default allows everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPolicy {
    /// How requests may show who is calling.
    pub methods: Choice<AuthMethod>,
    /// Whether requests must be signed, where they can be.
    pub signature: SignatureRule,
    /// The weakest method of signing that is taken.
    pub signature_method_min: SignatureMethod,
    /// Where requests may come from; empty: from everywhere.
    pub networks: Vec<SourceNetwork>,
    /// What requests may be about.
    pub scopes: Choice<Scope>,
    /// What may be spent in a day (UTC), in the account's currency; `None`: whatever is in the wallet.
    pub spend_per_day_max: Option<Money>,
}

/// Whether requests must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureRule {
    /// They may be.
    #[default]
    Optional,
    /// They must be where they can be. A request to an API that knows no signatures may show key and secret, and so may whoever grants
    /// access: a secret that was stolen then changes secrets, applications and settings, though it sends nothing itself.
    WherePossible,
    /// They must be: a request that shows key and secret is refused whatever it is for. A token is a signature of its own kind.
    Required,
}

text_forms! { SignatureRule { Optional = "optional", WherePossible = "where-possible", Required = "required" } }

/// Whether a kind of request can be signed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signable {
    /// It can.
    Yes,
    /// Its API knows no signatures.
    No,
    /// It is signed, beside the key that it shows.
    Done,
}

/// How one request showed who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// Whether it could have been signed.
    pub signable: Signable,
    /// The way.
    pub method: AuthMethod,
    /// With [`AuthMethod::Signature`]: how it was signed.
    pub signed_by: Option<SignatureMethod>,
    /// Where the request came from; `None` if that is not known, which no list of networks allows.
    pub source: Option<IpAddr>,
}

impl KeyPolicy {
    /// Judges a use of a key that was found good.
    ///
    /// # Errors
    /// [`Refusal::SourceNotAllowed`], [`Refusal::SignatureRequired`], [`Refusal::MethodNotAllowed`] or
    /// [`Refusal::SignatureTooWeak`], the first in this order.
    pub fn judge_use(&self, by: KeyUse) -> Result<(), Refusal> {
        let from_listed = |source: IpAddr| self.networks.iter().any(|network| network.holds(source));
        if !self.networks.is_empty() && !by.source.is_some_and(from_listed) {
            return Err(Refusal::SourceNotAllowed);
        }
        let must_be_signed = match (self.signature, by.signable) {
            (_, Signable::Done) => false,
            (SignatureRule::Required, _) | (SignatureRule::WherePossible, Signable::Yes) => true,
            (SignatureRule::WherePossible, Signable::No) | (SignatureRule::Optional, _) => false,
        };
        match by.method {
            AuthMethod::Parameters | AuthMethod::Basic | AuthMethod::SecretKey if must_be_signed => {
                return Err(Refusal::SignatureRequired);
            }
            AuthMethod::Parameters | AuthMethod::Basic | AuthMethod::SecretKey => {}
            AuthMethod::Signature | AuthMethod::Token | AuthMethod::OAuth => {}
        }
        if !self.methods.holds(by.method) {
            return Err(Refusal::MethodNotAllowed { method: by.method });
        }
        match by.signed_by {
            Some(method) if method < self.signature_method_min => Err(Refusal::SignatureTooWeak { method }),
            _ => Ok(()),
        }
    }

    /// Judges what a request is about.
    ///
    /// # Errors
    /// [`Refusal::ScopeNotAllowed`].
    pub fn judge_scope(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes.holds(scope) { Ok(()) } else { Err(Refusal::ScopeNotAllowed { scope }) }
    }
}

/// A network by its prefix, such as `192.0.2.0/24` or `2001:db8::/32`; an address alone is a network of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceNetwork {
    address: IpAddr,
    prefix: u8,
}

impl SourceNetwork {
    /// Whether `address` is in it. An IPv4 address that came mapped into IPv6 counts as what it is.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNetworkError(Box<str>);

impl fmt::Display for SourceNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.0.chars().take(60).collect();
        write!(
            f,
            "`{text}` is no network such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7, with zeros behind the prefix"
        )
    }
}

impl std::error::Error for SourceNetworkError {}

impl FromStr for SourceNetwork {
    type Err = SourceNetworkError;

    fn from_str(text: &str) -> Result<Self, SourceNetworkError> {
        let wrong = || SourceNetworkError(text.into());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (bits, host) = match address {
            IpAddr::V4(address) => (32, address.to_bits().trailing_zeros()),
            IpAddr::V6(address) => (128, address.to_bits().trailing_zeros()),
        };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().map_err(|_| wrong())?
            }
            Some(_) => return Err(wrong()),
        };
        // Bits behind the prefix would be ignored: whoever wrote them meant something else.
        match u8::try_from(prefix) {
            Ok(short) if prefix <= bits && host >= bits - prefix => Ok(Self { address, prefix: short }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> SourceNetwork {
        text.parse().expect("a network")
    }

    fn by(method: AuthMethod, source: &str) -> KeyUse {
        KeyUse { signable: Signable::Yes, method, signed_by: None, source: source.parse().ok() }
    }

    #[test]
    fn a_network_holds_what_its_prefix_says() {
        for (net, address, held) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
        ] {
            assert_eq!(network(net).holds(address.parse().expect("an address")), held, "{net} {address}");
        }
    }

    #[test]
    fn a_network_is_written_in_one_way() {
        assert_eq!(network("2001:DB8:0::/32").to_string(), "2001:db8::/32");
        assert_eq!(network("10.0.0.1").to_string(), "10.0.0.1/32");
        for wrong in
            ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "::1/0", "::/129", "10/8"]
        {
            assert!(wrong.parse::<SourceNetwork>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn everything_is_allowed_until_something_is_not() {
        let all = KeyPolicy::default();
        for method in [AuthMethod::Parameters, AuthMethod::Basic, AuthMethod::Signature, AuthMethod::Token] {
            assert_eq!(all.judge_use(by(method, "nowhere")), Ok(()));
        }
        assert_eq!(all.judge_scope(Scope::Secrets), Ok(()));
        let reader = KeyPolicy { scopes: Choice::only(&[Scope::Read]), ..KeyPolicy::default() };
        assert_eq!(reader.judge_scope(Scope::Read), Ok(()));
        assert_eq!(reader.judge_scope(Scope::Send), Err(Refusal::ScopeNotAllowed { scope: Scope::Send }));
    }

    #[test]
    fn a_listed_network_is_the_only_way_in() {
        let policy = KeyPolicy { networks: vec![network("10.0.0.0/8"), network("::1")], ..KeyPolicy::default() };
        assert_eq!(policy.judge_use(by(AuthMethod::Basic, "10.1.2.3")), Ok(()));
        assert_eq!(policy.judge_use(by(AuthMethod::Basic, "::1")), Ok(()));
        for source in ["11.0.0.1", "nowhere"] {
            assert_eq!(policy.judge_use(by(AuthMethod::Basic, source)), Err(Refusal::SourceNotAllowed), "{source}");
        }
    }

    #[test]
    fn a_required_signature_leaves_no_way_around_it() {
        let policy = KeyPolicy {
            signature: SignatureRule::Required,
            signature_method_min: SignatureMethod::HmacSha256,
            ..KeyPolicy::default()
        };
        for method in [AuthMethod::Parameters, AuthMethod::Basic] {
            let unsignable = KeyUse { signable: Signable::No, ..by(method, "::1") };
            assert_eq!(policy.judge_use(by(method, "::1")), Err(Refusal::SignatureRequired));
            assert_eq!(
                policy.judge_use(unsignable),
                Err(Refusal::SignatureRequired),
                "also where nothing can be signed"
            );
            let signed = KeyUse { signable: Signable::Done, ..by(method, "::1") };
            assert_eq!(policy.judge_use(signed), Ok(()), "what is signed beside its key");
            let milder = KeyPolicy { signature: SignatureRule::WherePossible, ..policy.clone() };
            assert_eq!(milder.judge_use(by(method, "::1")), Err(Refusal::SignatureRequired));
            assert_eq!(milder.judge_use(unsignable), Ok(()));
        }
        let signed = |method| policy.judge_use(KeyUse { signed_by: Some(method), ..by(AuthMethod::Signature, "::1") });
        assert_eq!(signed(SignatureMethod::HmacSha512), Ok(()));
        assert_eq!(signed(SignatureMethod::HmacSha256), Ok(()));
        let method = SignatureMethod::HmacSha1;
        assert_eq!(signed(method), Err(Refusal::SignatureTooWeak { method }));
        let basic_only = KeyPolicy { methods: Choice::only(&[AuthMethod::Basic]), ..policy };
        let method = AuthMethod::Signature;
        assert_eq!(basic_only.judge_use(by(method, "::1")), Err(Refusal::MethodNotAllowed { method }));
    }
}
