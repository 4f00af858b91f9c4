//! The keys of the grammar, for the parser, its messages and the documents.

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name, without the colon.
    pub name: &'static str,
    /// What may stand after the colon.
    pub takes: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// One that can be copied.
    pub example: &'static str,
}

/// Every key, in the order in which they are documented.
pub const KEYS: &[Key] = &[
    key("to", "a number", "the recipient, however typed; `*` stands for any digits", "to:+447700900123"),
    key("from", "a number or a name", "the sender; `*` stands for any characters", "from:Acme"),
    key("text", "a word or a phrase", "what the text says, as a bare word does", "text:\"is your code\""),
    key("otp", "a code", "the one-time code in the text", "otp:482917"),
    key("has", "otp, link or unicode", "texts with such a thing in them", "has:otp"),
    key("status", "a status", "how far it is, in the word that lists show", "status:failed"),
    key("err", "a cause or a carrier's code", "why a part was not delivered", "err:absent-for-now"),
    key("is", "inbound or final", "texts from handsets; messages that ended", "is:final"),
    key("after", "a time", "then or later: RFC 3339, a date (UTC), today, or -15m", "after:-15m"),
    key("before", "a time", "earlier than then", "before:2026-11-28"),
    key("account", "a key", "whose it is", "account:devkey01"),
    key("dialect", "a dialect", "in whose words it was sent", "-dialect:other"),
    key("carrier", "a carrier", "the carrier it was planned for", "carrier:acme"),
    key("country", "two letters", "the country of the recipient's network", "country:GB"),
    key("network", "a code or a name", "the recipient's network", "network:23410"),
    key("class", "otp or bulk", "its class", "class:otp"),
    key("parts", "a count", "how many parts it has; <, <=, >, >= and 2..4", "parts:>1"),
    key("price", "an amount", "what the whole message costs, in its account's currency", "price:>=0.05"),
    key("webhook", "ok, failed or pending", "how its last webhook went", "webhook:failed"),
    key("id", "an id", "the message of an answer or a receipt, or with that mark of its sender", "id:A0DB37A6D4C04001"),
];

const fn key(name: &'static str, takes: &'static str, finds: &'static str, example: &'static str) -> Key {
    Key { name, takes, finds, example }
}

/// Names that other tools or older notes use, and what is meant by them here.
pub(super) const MEANT: &[(&str, &str)] = &[
    ("recipient", "to"),
    ("number", "to"),
    ("phone", "to"),
    ("sender", "from"),
    ("body", "text"),
    ("message", "text"),
    ("subject", "text"),
    ("code", "otp"),
    ("state", "status"),
    ("error", "err"),
    ("cause", "err"),
    ("link", "carrier"),
    ("route", "carrier"),
    ("since", "after"),
    ("until", "before"),
    ("key", "account"),
    ("segments", "parts"),
    ("cost", "price"),
    ("vendor", "dialect"),
    ("in", "is"),
];
