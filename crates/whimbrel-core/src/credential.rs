//! What accounts prove themselves by: secrets, the ways to show them, and how requests and webhooks are signed. Pure.
//!
//! How strong a secret that a person chose must be follows the rules of the API by which customers choose them: 8 to 25
//! characters with a small letter, a capital and a digit.

use std::fmt;

use crate::account::text_forms;
use crate::choice::Member;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::uuid::Uuid;

/// Secrets that are shown beside a key and that an account may have at once.
pub const SECRETS_MAX: usize = 2;
/// Secret keys that an account may have at once.
pub const SECRET_KEYS_MAX: usize = 32;
/// The fewest and the most characters of a chosen secret.
const CHARS: std::ops::RangeInclusive<usize> = 8..=25;

/// A secret's name: a UUID (RFC 9562), which tells nothing of the secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretId(pub u128);

impl SecretId {
    /// A UUID of version 7: the milliseconds of `now`, then chance.
    #[must_use]
    pub const fn new(now: Timestamp, chance: u128) -> Self {
        Self(Uuid::at(now, chance).0)
    }

    /// Reads the form with four hyphens, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse(text).map(|uuid| Self(uuid.0))
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid(self.0).fmt(f)
    }
}

impl fmt::Debug for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a secret comes from, and so how it must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// We made it: nobody can guess it.
    Generated,
    /// A person chose it: whoever has the means tries the likely ones.
    Chosen,
}

/// Whether a secret key is for real messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum KeyMode {
    /// It is: they reach handsets and are charged.
    #[default]
    Live,
    /// It is for trying out: nothing reaches a handset, and nothing is charged.
    Test,
}

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretRole {
    /// It is shown beside the account's key.
    Half,
    /// It is a key itself: it names its account and proves it. Always generated, so that nobody can guess one.
    Key(KeyMode),
}

impl SecretRole {
    /// How many secrets of this kind an account may have at once.
    #[must_use]
    pub const fn count_max(self) -> usize {
        match self {
            Self::Half => SECRETS_MAX,
            Self::Key(_) => SECRET_KEYS_MAX,
        }
    }

    /// The mode of a secret key.
    #[must_use]
    pub const fn mode(self) -> Option<KeyMode> {
        match self {
            Self::Half => None,
            Self::Key(mode) => Some(mode),
        }
    }
}

/// How a request shows who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// Key and secret among the parameters.
    Parameters,
    /// Key and secret in the header `Authorization: Basic`.
    Basic,
    /// A signature over the parameters.
    Signature,
    /// A signed token of an application.
    Token,
    /// OAuth 1.0a.
    OAuth,
    /// A secret key in a header, by itself.
    SecretKey,
}

/// What a request is about, as far as accounts may be kept from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Sending.
    Send,
    /// Looking at messages, prices and the balance.
    Read,
    /// Changing the account's settings and paying in.
    Account,
    /// Renting, changing and giving up numbers.
    Numbers,
    /// Applications.
    Applications,
    /// The account's secrets.
    Secrets,
}

/// How parameters are signed: a digest of the sorted parameters, made with the signature secret. From weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum SignatureMethod {
    /// MD5 over the parameters with the secret behind them.
    #[default]
    Md5Hash,
    /// HMAC with MD5.
    HmacMd5,
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

/// Why a signature is not accepted, as far as the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCause {
    /// Something that belongs to it did not come.
    Missing,
    /// Something that belongs to it cannot be read.
    Malformed,
    /// The number used once is none.
    Nonce,
    /// The time stamp is too old.
    TooOld,
    /// The time stamp is too far ahead.
    TooNew,
    /// The signature is of something else.
    Mismatch,
    /// It holds, and was used before.
    Replayed,
}

/// Whether an account's webhooks are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookSigning {
    /// They are not.
    #[default]
    Unsigned,
    /// They are, in the account's method.
    Signed,
}

/// How an account signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signing {
    /// The one method that its requests may be signed by, and that its webhooks are signed by.
    pub method: SignatureMethod,
    /// Whether its webhooks are signed.
    pub webhooks: WebhookSigning,
}

/// Why a text is too weak for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFault {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 25 characters.
    TooLong,
    /// No small letter from a to z.
    NoLowerCase,
    /// No capital from A to Z.
    NoUpperCase,
    /// No digit.
    NoDigit,
    /// A control character, which parameters and headers cannot carry.
    ControlCharacter,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "it has fewer than 8 characters",
            Self::TooLong => "it has more than 25 characters",
            Self::NoLowerCase => "it has no small letter",
            Self::NoUpperCase => "it has no capital letter",
            Self::NoDigit => "it has no digit",
            Self::ControlCharacter => "it has a control character",
        })
    }
}

/// Why an account's secrets did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretRefusal {
    /// There is no such account.
    UnknownAccount,
    /// The account has no secret with that id.
    UnknownSecret,
    /// It has as many as it may have.
    TooMany,
    /// It is the last one.
    Last,
    /// The account has that very secret already, or another one has that very secret key.
    InUse,
    /// The secret is too weak.
    Weak(SecretFault),
}

impl fmt::Display for SecretRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::UnknownSecret => f.write_str("the account has no secret with that id: list them to see the ids"),
            Self::TooMany => f.write_str("the account has as many secrets as it may: revoke one first"),
            Self::Last => f.write_str("it is the account's last secret: add another one first"),
            Self::InUse => f.write_str("that very secret is in use already: choose another one"),
            Self::Weak(fault) => write!(
                f,
                "the secret is too weak, {fault}: choose 8 to 25 characters with a small letter, a capital and a digit"
            ),
        }
    }
}

/// Judges a secret that a person chose.
///
/// # Errors
/// The first fault.
pub fn judge_strength(secret: &Secret) -> Result<(), SecretFault> {
    let text = secret.expose();
    let has = |wanted: fn(&char) -> bool| text.chars().any(|letter| wanted(&letter));
    match text.chars().count() {
        count if count < *CHARS.start() => Err(SecretFault::TooShort),
        count if count > *CHARS.end() => Err(SecretFault::TooLong),
        _ if has(|letter| letter.is_control()) => Err(SecretFault::ControlCharacter),
        _ if !has(char::is_ascii_lowercase) => Err(SecretFault::NoLowerCase),
        _ if !has(char::is_ascii_uppercase) => Err(SecretFault::NoUpperCase),
        _ if !has(char::is_ascii_digit) => Err(SecretFault::NoDigit),
        _ => Ok(()),
    }
}

text_forms! {
    SecretKind { Generated = "generated", Chosen = "chosen" }
    AuthMethod {
        Parameters = "parameters", Basic = "basic", Signature = "signature", Token = "token", OAuth = "oauth",
        SecretKey = "secret-key",
    }
    KeyMode { Live = "live", Test = "test" }
    Scope {
        Send = "send", Read = "read", Account = "account", Numbers = "numbers", Applications = "applications",
        Secrets = "secrets",
    }
    SignatureMethod {
        Md5Hash = "md5hash", HmacMd5 = "md5", HmacSha1 = "sha1", HmacSha256 = "sha256", HmacSha512 = "sha512",
    }
    WebhookSigning { Unsigned = "unsigned", Signed = "signed" }
}

impl Member for AuthMethod {
    const ALL: &'static [Self] =
        &[Self::Parameters, Self::Basic, Self::Signature, Self::Token, Self::OAuth, Self::SecretKey];

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Member for Scope {
    const ALL: &'static [Self] =
        &[Self::Send, Self::Read, Self::Account, Self::Numbers, Self::Applications, Self::Secrets];

    fn name(self) -> &'static str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::choice::Choice;

    #[test]
    fn a_chosen_secret_needs_three_kinds_of_characters() {
        let judge = |text: &str| judge_strength(&Secret::new(text));
        for good in ["Abcdefg1", "aB3aaaaaaaaaaaaaaaaaaaaaa", "Pass wörd9", "&=+%Aa0#x"] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        for (bad, fault) in [
            ("", SecretFault::TooShort),
            ("Abcdef1", SecretFault::TooShort),
            // Seven characters, eleven bytes.
            ("Äöüß1aA", SecretFault::TooShort),
            ("aB3aaaaaaaaaaaaaaaaaaaaaaa", SecretFault::TooLong),
            ("ABCDEFG1", SecretFault::NoLowerCase),
            ("abcdefg1", SecretFault::NoUpperCase),
            // Letters and digits of other alphabets count for none.
            ("äbcdefgÄ1", SecretFault::NoUpperCase),
            ("Abcdefg٣", SecretFault::NoDigit),
            ("Abcdefg1\n", SecretFault::ControlCharacter),
        ] {
            assert_eq!(judge(bad), Err(fault), "{bad}");
        }
    }

    #[test]
    fn methods_are_ordered_by_strength() {
        let methods = ["md5hash", "md5", "sha1", "sha256", "sha512"].map(SignatureMethod::parse);
        assert!(methods.is_sorted() && methods.iter().all(Option::is_some));
    }

    #[test]
    fn sets_are_written_and_read() {
        type Methods = Choice<AuthMethod>;
        let some = Methods::only(&[AuthMethod::Signature, AuthMethod::Parameters, AuthMethod::Signature]);
        assert_eq!(some.to_string(), "parameters,signature");
        assert!(some.holds(AuthMethod::Signature) && !some.holds(AuthMethod::Basic));
        for text in ["all", "none", "oauth", "parameters,signature", "basic, token"] {
            let read = Methods::parse(text).expect("a set");
            assert_eq!(Methods::parse(&read.to_string()), Some(read), "{text}");
        }
        assert_eq!(Methods::parse("parameters,basic,signature,token,oauth,secret-key"), Some(Methods::default()));
        for wrong in ["", ",", "basic,", "Basic", "all,basic", "jwt"] {
            assert_eq!(Methods::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn ids_have_the_form_of_version_7_and_are_read_back(millis in 0_i64..1 << 47, chance: u128) {
            let id = SecretId::new(Timestamp(millis * 1_000), chance);
            let text = id.to_string();
            prop_assert_eq!(SecretId::parse(&text), Some(id));
            prop_assert_eq!(SecretId::parse(&text.to_uppercase()), Some(id));
            prop_assert_eq!(i64::from_str_radix(&text.replace('-', "")[..12], 16), Ok(millis));
            prop_assert_eq!(&text[14..15], "7");
            prop_assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
        }

        #[test]
        fn nothing_else_is_an_id(text in "[0-9a-f-]{30,40}|\\PC{0,40}") {
            let rewritten = SecretId::parse(&text).map(|id| id.to_string());
            prop_assert!(rewritten.is_none_or(|rewritten| rewritten == text.to_lowercase()));
        }
    }
}
