//! A request's parameters: one flat map of names to texts, wherever they came from.
//!
//! The vendor takes them from the query, a form or a JSON object, and its own libraries label bodies wrongly: Python's
//! keeps `Content-Type: application/json` for its forms once it has sent JSON (vonage 4.9.1). So the label is not read: a body
//! that is a JSON object is one, and every other body is a form. Charset is always UTF-8; what is not becomes U+FFFD.
//!
//! Where a name comes twice, the first wins, and the body wins over the query. Every pair is kept, also one whose name the API
//! does not know and one that loses: a signature covers them all.

mod json;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use whimbrel_core::Refusal;

macro_rules! names {
    ($($variant:ident = $text:literal,)+) => {
        /// The parameters that the API knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Name { $($variant),+ }

        impl Name {
            /// All of them, in a fixed order.
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire; case counts.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn of(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names! {
    ApiKey = "api_key",
    ApiSecret = "api_secret",
    Sig = "sig",
    From = "from",
    To = "to",
    Type = "type",
    Text = "text",
    StatusReportReq = "status-report-req",
    Callback = "callback",
    MessageClass = "message-class",
    Ttl = "ttl",
    ClientRef = "client-ref",
    AccountRef = "account-ref",
    Body = "body",
    Udh = "udh",
    ProtocolId = "protocol-id",
    NetworkCode = "network-code",
    EntityId = "entity-id",
    ContentId = "content-id",
    TrustedNumber = "trusted-number",
    PoolId = "pool-id",
    Title = "title",
    Url = "url",
    Validity = "validity",
    Vcard = "vcard",
    Vcal = "vcal",
}

/// The names whose values prove who is calling.
pub(super) const CREDENTIALS: &[Name] = &[Name::ApiKey, Name::ApiSecret, Name::Sig];

/// What a refusal names if a parameter that we do not know holds an object or an array, or if there are too many.
const UNKNOWN: &str = "parameter";
/// Pairs that a request may have. The API knows 26 names; the rest is room for what clients add.
const PAIRS_MAX: usize = 256;
/// The index of a name that did not come.
const ABSENT: u16 = u16::MAX;

/// Where a pair stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the body.
    Body,
    /// In the query.
    Query,
}

/// One name with its value, decoded.
pub(super) struct Pair<'a> {
    /// The name, known or not.
    pub(super) name: Cow<'a, str>,
    /// The value.
    pub(super) value: Cow<'a, str>,
    /// Where it stood.
    pub(super) origin: Origin,
}

/// The decoded parameters of one request. They are not shown in `Debug`: texts and secrets are among them.
pub(super) struct Params<'a> {
    /// All of them: those of the body in their order, then those of the query in theirs.
    pairs: Vec<Pair<'a>>,
    /// For each name that we know, the pair that counts.
    first: [u16; Name::ALL.len()],
    fault: Option<Refusal>,
}

impl<'a> Params<'a> {
    /// None at all.
    pub(super) fn empty() -> Self {
        Self { pairs: Vec::with_capacity(12), first: [ABSENT; Name::ALL.len()], fault: None }
    }

    /// Decodes body and query.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a JSON object that holds another object or an array, and for more than 256 pairs.
    pub(super) fn read(query: &'a str, body: &'a [u8]) -> Result<Self, Refusal> {
        let mut params = Self::from_json(body).unwrap_or_else(|| {
            let mut params = Self::empty();
            params.add_form(body, Origin::Body);
            params
        });
        params.add_form(query.as_bytes(), Origin::Query);
        match params.fault.take() {
            Some(refusal) => Err(refusal),
            None => Ok(params),
        }
    }

    /// The value that counts, unless it is absent or empty: the API makes no difference between these.
    pub(super) fn get(&self, name: Name) -> Option<&str> {
        let pair = self.pairs.get(usize::from(self.first[name as usize]))?;
        Some(&*pair.value).filter(|value| !value.is_empty())
    }

    /// The first value under `name`, which need not be a [`Name`] and may be empty; `None` if it did not come.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.name == name).map(|pair| &*pair.value)
    }

    /// The first value under `name` that is not empty.
    pub(super) fn some(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| !value.is_empty())
    }

    /// Every value under `name`.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.pairs.iter().filter(move |pair| pair.name == name).map(|pair| &*pair.value)
    }

    /// Adds what stood in the path: it counts after what the body and the query say.
    pub(super) fn add_from_path(&mut self, name: &'static str, value: String) {
        self.add(Pair { name: Cow::Borrowed(name), value: Cow::Owned(value), origin: Origin::Query });
    }

    /// Every pair, in the order received: the body's, then the query's. Names may be there twice, and values may be empty.
    pub(super) fn pairs(&self) -> &[Pair<'a>] {
        &self.pairs
    }

    /// Pairs between ampersands, of which there may be too many; `%` that starts no escape stays as it is.
    fn add_form(&mut self, form: &'a [u8], origin: Origin) {
        for (name, value) in form_urlencoded::parse(form) {
            if !self.add(Pair { name, value, origin }) {
                return;
            }
        }
    }

    /// Whether there was room for it.
    fn add(&mut self, pair: Pair<'a>) -> bool {
        if self.pairs.len() >= PAIRS_MAX {
            self.fault.get_or_insert(Refusal::Invalid { field: UNKNOWN });
            return false;
        }
        if let Some(name) = Name::of(&pair.name) {
            let first = &mut self.first[name as usize];
            if *first == ABSENT {
                *first = u16::try_from(self.pairs.len()).unwrap_or(ABSENT);
            }
        }
        self.pairs.push(pair);
        true
    }
}
