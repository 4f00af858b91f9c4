//! The usual mistakes, over all schemes: a stable name, a sentence and a remedy for each.

use std::fmt;

macro_rules! mistakes {
    ($($variant:ident = $name:literal, $sentence:literal, $remedy:literal;)+) => {
        /// A mistake that signers make. Its `Display` is the sentence and the remedy.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Mistake {
            $(#[doc = $sentence] $variant,)+
            /// The signature is of another algorithm.
            OtherAlgorithm(Algorithm),
        }

        impl Mistake {
            /// All of them but [`Mistake::OtherAlgorithm`], of which there is one for each algorithm.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name, for programs and links.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::OtherAlgorithm(_) => "other-algorithm" }
            }

            /// What was done.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ Self::OtherAlgorithm(_) => "The signature is of another algorithm." }
            }

            /// What to do instead.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)+
                    Self::OtherAlgorithm(_) => "Use the algorithm that the account is set to, or change that setting.",
                }
            }
        }
    };
}

mistakes! {
    // The octets that are signed.
    NewlineAdded = "newline-added", "A newline stands after the string that was signed.", "Sign the string without a final newline: `printf '%s'` instead of `echo`, no `println`.";
    NewlineMissing = "newline-missing", "The fields were joined without the newlines between them.", "Put one newline (0x0A) between the fields, and none after the last.";
    NewlineLiteral = "newline-literal", "Backslash and `n` were signed where a newline belongs.", "Use a string in which `\\n` is one octet, 0x0A: double quotes in PHP, `$'\\n'` in bash.";
    CarriageReturn = "carriage-return", "The fields were joined by carriage return and newline.", "Join them by 0x0A alone.";
    BodyReserialised = "body-reserialised", "The body was read as JSON and written anew before it was signed.", "Sign the octets of the body as they go over the wire: take the raw body, not the parsed one.";
    BodyEmpty = "body-empty", "The signature covers an empty body.", "Sign the body that is sent; read it before it is consumed.";
    BodyOnly = "body-only", "The body alone was signed.", "Sign id, timestamp and body as the scheme joins them.";
    BodyTrimmed = "body-trimmed", "Blanks or newlines at the ends of the body were removed before it was signed.", "Sign the octets of the body as they go over the wire.";
    OtherSeparator = "other-separator", "The fields were joined by something else than the scheme's separator.", "Join the fields by the separator that the scheme lists, and by nothing more.";
    FieldsIndented = "fields-indented", "The blanks of the documentation's layout were signed.", "Begin each field at the start of its line.";
    PrintfFormat = "printf-format", "The text was the format of `printf`, which replaces `%` and `\\` in it.", "Write `printf '%s' \"$TEXT\"`: the script in the documentation fails with such texts.";
    BodyWithNewline = "body-with-newline", "A newline that is not sent was hashed with the body.", "Hash the body with `printf '%s'` instead of `echo`.";
    BodyNotHashed = "body-not-hashed", "The body itself was signed where its hash belongs.", "Put the MD5 of the body, in hexadecimal digits, into the last field.";
    BodyHashOther = "body-hash-other", "The body was hashed with another function, or its hash was written otherwise.", "Use the function that the scheme asks for, and write its hexadecimal digits in small letters.";
    BodyHashed = "body-hashed", "The hash of the body was signed instead of the body.", "Sign the octets of the body themselves.";
    FileNameKept = "file-name-kept", "The name that `md5sum` prints behind the digits was signed.", "Cut the output after its 32 digits.";
    WrongCharset = "wrong-charset", "The text was signed in Latin-1.", "Encode text as UTF-8 before it is hashed.";
    // Parameters.
    SeparatorsKept = "separators-kept", "`&` and `=` in values were signed as they are.", "Replace each `&` and each `=` in a value by `_` in the string that is signed.";
    AmpersandKept = "ampersand-kept", "`=` in values was replaced, `&` was not.", "Replace both `&` and `=` in values by `_`.";
    EqualsKept = "equals-kept", "`&` in values was replaced, `=` was not.", "Replace both `&` and `=` in values by `_`.";
    SeparatorsRemoved = "separators-removed", "`&` and `=` in values were removed.", "Replace each of them by `_`; do not leave them out.";
    AllSeparatorsReplaced = "all-separators-replaced", "The `&` and `=` between names and values were replaced too.", "Replace `&` and `=` in each value first, then join: `&name=value`.";
    NamesReplaced = "names-replaced", "`&` and `=` were replaced in names too.", "Replace them in values only.";
    SortedByPair = "sorted-by-pair", "The joined pairs `name=value` were sorted instead of the names.", "Sort by name alone: `concat` comes before `concat-part`, though `concat=` comes after `concat-part=`.";
    SortedIgnoringCase = "sorted-ignoring-case", "The names were sorted without regard to case.", "Sort by the octets of the names: capitals come before small letters.";
    SortedByNameAlone = "sorted-by-name-alone", "Parameters of one name were not sorted by their values.", "Sort by name, then by value.";
    SortedBeforeEncoding = "sorted-before-encoding", "Names and values were sorted before they were encoded.", "Encode first, then sort.";
    NotSorted = "not-sorted", "The parameters were signed in the order in which they are sent.", "Sort them by name.";
    SortedBackwards = "sorted-backwards", "The parameters were sorted downwards.", "Sort them upwards by name.";
    NoLeadingAmpersand = "no-leading-ampersand", "The string begins without `&`.", "Each pair, the first too, is written `&name=value`.";
    AmpersandAfter = "ampersand-after", "The `&` stands after each pair instead of before it.", "Each pair, the first too, is written `&name=value`, and nothing follows the last.";
    SeparatorsMissing = "separators-missing", "Names and values were joined without `&` and `=`.", "Each pair is written `&name=value`.";
    ValuesOnly = "values-only", "The values were joined without their names.", "Each pair is written `&name=value`.";
    ValuesEncoded = "values-encoded", "Percent-encoded values were signed.", "Sign the decoded values; encode them only on the wire.";
    ValuesEncodedWithPlus = "values-encoded-with-plus", "Form-encoded values were signed, with `+` for blanks.", "Sign the decoded values; encode them only on the wire.";
    PlusForBlank = "plus-for-blank", "A blank was encoded as `+`.", "Encode a blank as `%20`.";
    PlusSentRaw = "plus-sent-raw", "A `+` was signed and sent as it is, so that it arrived as a blank.", "Send `%2B` for a `+` in queries and forms.";
    DecodedTwice = "decoded-twice", "Values were decoded once more than they were encoded.", "Decode percent-escapes and `+` once.";
    UnreservedEncoded = "unreserved-encoded", "Characters were percent-encoded that must not be.", "Leave `A-Z a-z 0-9 - . _ ~` as they are (RFC 3986 §2.3).";
    ReservedNotEncoded = "reserved-not-encoded", "`!`, `*`, `'`, `(` or `)` was left as it is.", "Percent-encode everything but `A-Z a-z 0-9 - . _ ~`.";
    EscapesInSmallLetters = "escapes-in-small-letters", "The hexadecimal digits of escapes were small letters.", "Write escapes in capitals: `%2F`.";
    EncodedOnce = "encoded-once", "The parameters were encoded once before they were put into the base string.", "Encode names and values, join them, and encode the whole once more.";
    WholeNotEncoded = "whole-not-encoded", "Address and parameters were joined without encoding them as a whole.", "Join method, encoded address and encoded parameters by `&`.";
    EncodedThrice = "encoded-thrice", "Values that were encoded already were encoded again.", "Begin with decoded names and values.";
    UnsetAsNone = "unset-as-none", "Unset fields were signed as the text `None`.", "Leave fields that are not sent out of the string.";
    UnsetAsNull = "unset-as-null", "Unset fields were signed as the text `null`.", "Leave fields that are not sent out of the string.";
    UnsetAsUndefined = "unset-as-undefined", "Unset fields were signed as the text `undefined`.", "Leave fields that are not sent out of the string.";
    UnsetAsBlank = "unset-as-blank", "Unset fields were signed as empty and not sent.", "Leave fields that are not sent out of the string, or send them empty.";
    BlanksLeftOut = "blanks-left-out", "Parameters with an empty value were left out of the string.", "Sign every parameter that is sent, as `&name=` if it is empty, or do not send it.";
    SignatureSigned = "signature-signed", "The signature parameter is part of its own string.", "Leave the signature out of the string that is signed.";
    TimestampNotSigned = "timestamp-not-signed", "The timestamp was added after signing.", "Add the timestamp first, then sign all parameters.";
    KeyNotSigned = "key-not-signed", "The account's key was left out of the string.", "Sign every parameter that is sent, the account's key included.";
    TokenNotSigned = "token-not-signed", "The token was left out of the string.", "Sign every parameter of the protocol but the signature.";
    VersionNotSigned = "version-not-signed", "`oauth_version` was sent and not signed.", "Sign every parameter of the protocol but the signature.";
    RealmSigned = "realm-signed", "`realm` is part of the string.", "Leave `realm` out; it is no parameter of the request.";
    QueryNotSigned = "query-not-signed", "The parameters of the query were left out.", "Sign the parameters of the query together with those of the body.";
    BodyNotSigned = "body-not-signed", "The parameters of the body were left out.", "Sign the parameters of the form together with those of the query.";
    ValuesTrimmed = "values-trimmed", "Values were trimmed before they were signed and not before they were sent.", "Sign exactly what is sent.";
    BooleanSpelling = "boolean-spelling", "A boolean was signed in another spelling than it is sent in.", "Turn `true` and `false` into the text that is sent, then sign that.";
    CharactersReplaced = "characters-replaced", "Characters outside ASCII were signed as `?`.", "Sign the UTF-8 octets of the text.";
    // Secret and digest.
    SecretPrepended = "secret-prepended", "The secret stands before the string instead of after it.", "Hash the string followed by the secret.";
    SecretAppended = "secret-appended", "The secret was appended to the string and all hashed.", "Use HMAC with the secret as its key.";
    SecretJoinedWithAmpersand = "secret-joined-with-ampersand", "An `&` stands between the string and the secret.", "Append the secret directly.";
    SecretMissing = "secret-missing", "The string was hashed without the secret.", "Append the secret, or use it as the key of the HMAC.";
    KeyAndStringSwapped = "key-and-string-swapped", "The string was used as the key of the HMAC and the secret was hashed.", "The secret is the key: mind the order of the arguments.";
    SecretHashed = "secret-hashed", "The hash of the secret was used as the key.", "Use the secret itself.";
    SecretNotHashed = "secret-not-hashed", "The secret itself was used as the key.", "Use the hash of the secret as the key.";
    SecretHashedAsHex = "secret-hashed-as-hex", "The hexadecimal text of the secret's hash was used as the key, or its octets where the text belongs.", "Use the form of the hash that the scheme asks for.";
    KeyHashOther = "key-hash-other", "The secret was hashed with another function, or twice.", "Hash the secret once, with the function that the scheme asks for.";
    SecretPrefixKept = "secret-prefix-kept", "The secret was used with its prefix, as text.", "Remove the prefix and decode the rest from base64.";
    SecretNotDecoded = "secret-not-decoded", "The secret was used as base64 text.", "Decode the secret from base64 before it is the key.";
    SecretDecoded = "secret-decoded", "The secret was decoded from base64 or hexadecimal digits.", "Use the octets of the text as it was given.";
    SecretWithNewline = "secret-with-newline", "A newline ends the secret, or what is hashed.", "Remove the newline that the file or the prompt added.";
    SecretWithBlank = "secret-with-blank", "Blanks surround the secret.", "Remove blanks before and after the secret.";
    SecretInOtherCase = "secret-in-other-case", "The secret was changed to capitals or small letters.", "Use the secret as it was given.";
    ApiSecretUsed = "api-secret-used", "The API secret was used instead of the signature secret.", "Use the account's signature secret; it is another one.";
    TokenSecretMissing = "token-secret-missing", "The token's secret was left out of the key.", "The key is `consumer secret&token secret`, both percent-encoded.";
    ConsumerSecretMissing = "consumer-secret-missing", "The consumer's secret was left out of the key.", "The key is `consumer secret&token secret`, both percent-encoded.";
    KeyAmpersandMissing = "key-ampersand-missing", "The `&` after the consumer secret is missing from the key.", "Keep the `&` even if there is no token.";
    KeySecretsSwapped = "key-secrets-swapped", "The two secrets stand in the key the wrong way round.", "The consumer's secret comes first.";
    KeyNotEncoded = "key-not-encoded", "The secrets were not percent-encoded for the key.", "Percent-encode each secret before they are joined by `&`.";
    KeyEncodedTwice = "key-encoded-twice", "The secrets were percent-encoded twice for the key.", "Percent-encode each secret once before they are joined by `&`.";
    // Tokens.
    TokenUnsigned = "token-unsigned", "The token is not signed: its `alg` is `none`.", "Sign it; a token without a signature proves nothing.";
    TokenWrapped = "token-wrapped", "Something stands around the token: `Bearer`, quotes, blanks, a newline.", "Send the token alone behind `Authorization: Bearer `, once.";
    PartsNotEncoded = "parts-not-encoded", "The header and the claims were signed before they were encoded.", "Sign the text `header.payload` after both were encoded as base64url.";
    HeaderNotSigned = "header-not-signed", "The claims were signed without the header.", "Sign the text `header.payload`.";
    OtherKey = "other-key", "The token is signed by the key of another application.", "Use the private key that belongs to the `application_id` in the token.";
    PublicKeyAsSecret = "public-key-as-secret", "The token is an HMAC with the application's public key.", "Sign with the application's private key and RS256.";
    SecretForPrivateKey = "secret-for-private-key", "The token is an HMAC with a secret of the account.", "Sign with the application's private key and RS256.";
    LifetimeTooLong = "lifetime-too-long", "The token says that it lives longer than a token may.", "Make a new token: 24 hours after its `iat` any token ends.";
    ExpiryMissing = "expiry-missing", "The token says no `exp`, and so it lived for 15 minutes.", "Make a token for each request, or say an `exp` of up to 24 hours.";
    QueryHashedAsText = "query-hashed-as-text", "The query was hashed as it stands in the address.", "Hash the compact JSON of an object of the decoded parameters, in the order of the query.";
    PaddingAdded = "padding-added", "The parts of the token end with `=`.", "Leave the padding out: base64url in tokens has none.";
    Base64ForBase64Url = "base64-for-base64url", "The parts of the token hold `+` or `/`.", "Use base64url: `-` and `_` in their places.";
    // How a signature is written.
    HexInCapitals = "hex-in-capitals", "The hexadecimal digits are capitals.", "Write them in small letters.";
    HexForBase64 = "hex-for-base64", "The digest was written in hexadecimal digits.", "Write it in base64.";
    Base64ForHex = "base64-for-hex", "The digest was written in base64.", "Write it in hexadecimal digits.";
    Base64OfHex = "base64-of-hex", "The hexadecimal text of the digest was written in base64.", "Take the octets of the digest.";
    Base64Url = "base64-url", "The digest was written in base64 for URLs.", "Use the usual alphabet with `+` and `/`, and padding.";
    SignatureEncodedTwice = "signature-encoded-twice", "The signature was percent-encoded twice.", "Encode it once, where the header or the query is written.";
    PaddingMissing = "padding-missing", "The padding of the base64 is missing.", "Keep the final `=`.";
    PrefixAdded = "prefix-added", "Something stands before the digits of the signature.", "Send the digits alone.";
    SignatureWithBlank = "signature-with-blank", "Blanks or a newline surround the signature.", "Remove what the command that printed it added.";
    OtherPrefix = "other-prefix", "The signature has the prefix of another scheme.", "Write the prefix that the scheme asks for.";
    PrefixMissing = "prefix-missing", "The signature stands without its prefix.", "Write the prefix that the scheme asks for.";
    Truncated = "truncated", "The signature is cut off.", "Send all of its digits.";
    // Time.
    TimestampInMilliseconds = "timestamp-in-milliseconds", "The timestamp is in milliseconds.", "Send seconds since 1970.";
    TimestampDiffers = "timestamp-differs", "The timestamp that was signed is a second or two off the one that was sent.", "Take the time once, and use that value twice.";
    NonceMissing = "nonce-missing", "The nonce, or the id, is not part of the string.", "Sign every field that the scheme lists.";
    FieldOrder = "field-order", "The fields were joined in another order.", "Join them in the order that the scheme lists.";
    // Method and address.
    OtherMethod = "other-method", "Another HTTP method was signed.", "Sign the method that is sent, in capitals.";
    MethodInSmallLetters = "method-in-small-letters", "The HTTP method was signed in small letters.", "Write the method in capitals.";
    OtherScheme = "other-scheme", "`http` was signed where `https` is used, or the other way round.", "Sign the address as the client calls it; behind a proxy set the public address.";
    OtherHost = "other-host", "Another host was signed.", "Sign the host that is called; behind a proxy set the public address.";
    OtherPort = "other-port", "The port was left out or put in where it does not belong.", "Sign the port as the scheme asks: default ports are often left out.";
    OtherPath = "other-path", "Another path was signed.", "Sign the path that is called.";
    PathOnly = "path-only", "The path was signed without scheme and host.", "Sign the whole address.";
    TrailingSlash = "trailing-slash", "A slash at the end of the path was added or left out.", "Sign the path exactly as it is called.";
    QueryDropped = "query-dropped", "The query was left out of the address.", "Sign the address with its query.";
    QueryKept = "query-kept", "The query was kept in the address.", "Cut the address at `?`; the parameters are signed apart.";
    QueryReencoded = "query-reencoded", "The query was decoded or encoded anew before it was signed.", "Sign the address exactly as it is sent.";
}

/// An algorithm that was used in place of the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The hash of the string and the secret after it.
    Suffixed(crate::Hash),
    /// HMAC.
    Hmac(crate::Hash),
    /// RSA with the older padding (PKCS#1 v1.5) and SHA-384: RS384.
    Rs384,
    /// RSA with the older padding and SHA-512: RS512.
    Rs512,
    /// RSA with the newer padding (PSS) and SHA-256: PS256.
    Ps256,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suffixed(hash) => write!(f, "{hash} of the string and the secret after it"),
            Self::Hmac(hash) => write!(f, "HMAC-{hash}"),
            Self::Rs384 => f.write_str("RS384"),
            Self::Rs512 => f.write_str("RS512"),
            Self::Ps256 => f.write_str("PS256"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAlgorithm(algorithm) => {
                write!(f, "The signature is of another algorithm: {algorithm}. {}", self.remedy())
            }
            _ => write!(f, "{} {}", self.sentence(), self.remedy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_words_and_sentences_are_sentences() {
        let mut names: Vec<_> = Mistake::ALL.iter().map(|mistake| mistake.name()).collect();
        names.push("other-algorithm");
        for name in &names {
            assert!(
                name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-'),
                "{name}"
            );
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name twice");
        for mistake in Mistake::ALL {
            assert!(mistake.sentence().ends_with('.') && mistake.remedy().ends_with('.'), "{}", mistake.name());
        }
    }
}
