//! Who a request says is calling, and how the engine checks it without knowing any vendor's scheme.
//!
//! A secret is compared by the engine itself. A signature and a token bring their own check along: the dialect read the
//! request, so what it hands over knows what is to be verified, and is given the secrets or keys that count. No clock: `now` is
//! among what is given.

use std::borrow::Cow;
use std::fmt;

use whimbrel_core::policy::Signable;
use whimbrel_core::{ApplicationId, AuthMethod, ReplayKey, Secret, Serial, SignatureCause, SignatureMethod, Timestamp};

use crate::address::Addresses;

/// Who a request says is calling.
#[derive(Debug)]
pub enum Claim {
    /// A key with its secret.
    KeyAndSecret {
        /// The key.
        key: Box<str>,
        /// The secret as presented.
        secret: Secret,
        /// How they were shown: [`AuthMethod::Parameters`] or [`AuthMethod::Basic`].
        method: AuthMethod,
        /// Whether the same request could have been signed, or come with a token.
        signable: Signable,
    },
    /// A secret key: it names its account by itself.
    SecretKey {
        /// The key as presented.
        secret: Secret,
        /// How it was shown: [`AuthMethod::Parameters`], [`AuthMethod::Basic`] or [`AuthMethod::SecretKey`].
        method: AuthMethod,
        /// Whether the same request could have been signed.
        signable: Signable,
    },
    /// A secret key, with a signature over the request beside it: both must hold.
    SignedKey {
        /// The key as presented.
        secret: Secret,
        /// How it was shown.
        method: AuthMethod,
        /// The signature.
        signed: Box<dyn KeySignature>,
    },
    /// A signature over the request.
    Signed(Box<dyn SignedRequest>),
    /// A token that one of an account's applications signed.
    Token(Box<dyn BearerToken>),
    /// A consumer's signature, on behalf of an account that granted it (OAuth).
    Delegated(Box<dyn DelegatedRequest>),
    /// An account on behalf of one below it.
    OnBehalf {
        /// How the account above proves itself; no such claim again.
        claim: Box<Claim>,
        /// The number by which it names the one below.
        subaccount: Serial,
    },
}

impl Claim {
    /// Who it says it is: a key, or an application. Nothing of it is proved. `None`: a secret key says nothing else than itself.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::KeyAndSecret { key, .. } => Some(Cow::Borrowed(key)),
            Self::SecretKey { .. } | Self::SignedKey { .. } => None,
            Self::Signed(signed) => Some(Cow::Borrowed(signed.key())),
            Self::Token(token) => Some(Cow::Owned(token.application().to_string())),
            Self::Delegated(request) => Some(Cow::Borrowed(request.consumer())),
            Self::OnBehalf { claim, .. } => claim.name(),
        }
    }

    /// Whether the request could have been signed, in whatever way.
    #[must_use]
    pub const fn signable(&self) -> Signable {
        match self {
            Self::KeyAndSecret { signable, .. } | Self::SecretKey { signable, .. } => *signable,
            Self::SignedKey { .. } | Self::Signed(_) | Self::Token(_) | Self::Delegated(_) => Signable::Yes,
            Self::OnBehalf { claim, .. } => claim.signable(),
        }
    }

    /// The way by which it wants to be proved.
    #[must_use]
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::KeyAndSecret { method, .. } | Self::SecretKey { method, .. } | Self::SignedKey { method, .. } => {
                *method
            }
            Self::Signed(_) => AuthMethod::Signature,
            Self::Token(_) => AuthMethod::Token,
            Self::Delegated(_) => AuthMethod::OAuth,
            Self::OnBehalf { claim, .. } => claim.method(),
        }
    }
}

/// A request that a consumer signed. `Debug` shows neither secret nor signature.
pub trait DelegatedRequest: fmt::Debug + Send + Sync {
    /// The consumer's key.
    fn consumer(&self) -> &str;

    /// The token that it names.
    fn token(&self) -> Option<&str>;

    /// What it is for, and so which kind of token it must name.
    fn delegation(&self) -> Delegation;

    /// Checks the signature, in constant time, and says what must not be used again.
    ///
    /// # Errors
    /// The first [`SignatureFault`].
    fn verify(&self, keys: &DelegatedKeys<'_>) -> Result<ReplayKey, SignatureFault>;
}

/// What a delegated request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delegation {
    /// A request token; it names none.
    Request,
    /// An access token; it names a request token.
    Exchange,
    /// A call on behalf of the account that granted it; it names an access token.
    Call,
}

/// What a delegated request is checked with.
#[derive(Debug, Clone, Copy)]
pub struct DelegatedKeys<'a> {
    /// The consumer's secret.
    pub consumer: &'a Secret,
    /// The secret of the token that it names.
    pub token: Option<&'a Secret>,
    /// The addresses that are ours: a signature for any other does not count.
    pub addresses: &'a Addresses,
    /// The time.
    pub now: Timestamp,
}

/// A signature with all that it covers. `Debug` shows neither.
pub trait SignedRequest: fmt::Debug + Send + Sync {
    /// The key of the account that signs.
    fn key(&self) -> &str;

    /// Checks the signature, in constant time.
    ///
    /// # Errors
    /// The first [`SignatureFault`].
    fn verify(&self, keys: &SigningKeys<'_>) -> Result<Verified, SignatureFault>;

    /// Which usual mistake gives the signature that did not hold; `None` if none known does. Much dearer than
    /// [`verify`](Self::verify): for a bounded number of requests only.
    fn explain(&self, keys: &SigningKeys<'_>) -> Option<Explained>;
}

/// A signature beside a secret key, which names the account. `Debug` shows nothing of it.
pub trait KeySignature: fmt::Debug + Send + Sync {
    /// Checks the signature, in constant time.
    ///
    /// # Errors
    /// The first [`SignatureFault`].
    fn verify(&self, keys: &SigningKeys<'_>) -> Result<Verified, SignatureFault>;

    /// As [`SignedRequest::explain`].
    fn explain(&self, keys: &SigningKeys<'_>) -> Option<Explained>;
}

/// What a signature is checked with.
#[derive(Debug, Clone, Copy)]
pub struct SigningKeys<'a> {
    /// The account's signature secrets: the present one, and those before it that still count.
    pub secrets: &'a [&'a Secret],
    /// The one method that the account signs by.
    pub method: SignatureMethod,
    /// How far a vendor's clients that sign otherwise than documented are understood.
    pub compat: Compat,
    /// The addresses that are ours, for schemes that sign the address.
    pub addresses: &'a Addresses,
    /// How far off the time stamp of a signature beside a key may be.
    pub window: KeyWindow,
    /// The time.
    pub now: Timestamp,
}

/// How far off the time stamp of a signature beside a key may be, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyWindow {
    /// How old it may be. At most 100, for what was used is remembered for 120.
    pub past_seconds: u32,
    /// How far ahead it may be.
    pub future_seconds: u32,
}

impl Default for KeyWindow {
    fn default() -> Self {
        Self { past_seconds: 30, future_seconds: 30 }
    }
}

/// How far a vendor's clients that sign otherwise than documented are understood. Neither choice weakens a signature: key and
/// digest are the same, and only fields without a value may be in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compat {
    /// Also the known deviations of the vendor's own libraries.
    #[default]
    On,
    /// As documented.
    Off,
}

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// What must not be used again.
    pub replay: ReplayKey,
    /// Which of the permitted forms matched, for people and metrics.
    pub form: &'static str,
}

/// Why a signature was not accepted. Names what is the matter, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFault {
    /// The account has no signature secret.
    NoSecret,
    /// A field that the scheme needs did not come.
    Missing(&'static str),
    /// A field cannot be read.
    Malformed(&'static str),
    /// A parameter came twice with different values.
    Ambiguous,
    /// The time stamp is too old.
    TooOld,
    /// The time stamp is too far ahead.
    TooNew,
    /// The signature is of something else, or by another secret or method.
    Mismatch,
    /// It holds, and was used before.
    Replayed,
}

impl SignatureFault {
    /// What the caller is told of it, where the vendor tells anything.
    #[must_use]
    pub fn told(self) -> SignatureCause {
        match self {
            Self::Missing(_) => SignatureCause::Missing,
            Self::Malformed(field) if field.eq_ignore_ascii_case("X-Nonce") => SignatureCause::Nonce,
            Self::Malformed(_) | Self::Ambiguous => SignatureCause::Malformed,
            Self::TooOld => SignatureCause::TooOld,
            Self::TooNew => SignatureCause::TooNew,
            // Whether the account could sign at all is nobody's business.
            Self::NoSecret | Self::Mismatch => SignatureCause::Mismatch,
            Self::Replayed => SignatureCause::Replayed,
        }
    }

    /// A stable word for metrics and events.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::NoSecret => "no-secret",
            Self::Missing(_) => "missing",
            Self::Malformed(_) => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::TooOld => "too-old",
            Self::TooNew => "too-new",
            Self::Mismatch => "mismatch",
            Self::Replayed => "replayed",
        }
    }
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecret => f.write_str("the account has no signature secret"),
            Self::Missing(field) => write!(f, "`{field}` is missing"),
            Self::Malformed(field) => write!(f, "`{field}` cannot be read"),
            Self::Ambiguous => f.write_str("a parameter came twice with different values, or its name has `&` or `=`"),
            Self::TooOld => f.write_str("the time stamp is too old: compare the clocks, and sign each request anew"),
            Self::TooNew => f.write_str("the time stamp is too far ahead: compare the clocks"),
            Self::Mismatch => f.write_str("the signature does not match"),
            Self::Replayed => f.write_str("it was used before, or is so old that nobody can tell"),
        }
    }
}

/// What is the matter with a signature, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// A stable word for metrics and events, one of a few dozen.
    pub cause: &'static str,
    /// A sentence for the operator, with the remedy. It holds no value of the request.
    pub advice: Box<str>,
}

/// A token that an application signed. `Debug` does not show it.
pub trait BearerToken: fmt::Debug + Send + Sync {
    /// The application that it names; nothing of it is proved yet.
    fn application(&self) -> ApplicationId;

    /// Checks the token.
    ///
    /// # Errors
    /// The first [`TokenFault`].
    fn verify(&self, keys: &TokenKeys<'_>) -> Result<(), TokenFault>;
}

/// What a token is checked with.
#[derive(Debug, Clone, Copy)]
pub struct TokenKeys<'a> {
    /// The application's public keys, PEM (RFC 7468): the present one, and those before it that still count.
    pub public_keys: &'a [Box<str>],
    /// The time.
    pub now: Timestamp,
}

/// Why a token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Its time is over.
    Expired,
    /// It holds, and does not allow this path.
    Forbidden,
    /// Anything else, by a stable word.
    Invalid(&'static str),
}
