//! What can be called, and what comes back.

use serde_json::Value;

use super::exchange::{Exchange, Given};
use super::schema::{Schema, object};

/// A member of an object, of a query or of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub schema: Schema,
    /// What it means; empty: its name says it.
    pub about: &'static str,
    /// Whether it has to be there.
    pub is_required: bool,
    /// A value with which the operation works on a development server.
    pub example: Option<Value>,
}

/// A member that has to be there.
#[must_use]
pub const fn need(name: &'static str, schema: Schema, about: &'static str) -> Field {
    Field { name, schema, about, is_required: true, example: None }
}

/// A member that may be left out.
#[must_use]
pub const fn may(name: &'static str, schema: Schema, about: &'static str) -> Field {
    Field { name, schema, about, is_required: false, example: None }
}

impl Field {
    /// With a value to try it with.
    #[must_use]
    pub fn such_as(mut self, example: impl Into<Value>) -> Self {
        self.example = Some(example.into());
        self
    }
}

/// Methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of HTTP")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// In capitals, as on the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path, in braces.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A parameter outside the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub field: Field,
}

/// What a request's body holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Its media types; the first is the usual one.
    pub media: &'static [&'static str],
    /// What it is.
    pub schema: Schema,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What it means.
    pub about: &'static str,
    /// Media type and schema; `None`: no body.
    pub content: Option<(&'static str, Schema)>,
    /// Answers that were seen, each with a name: JSON as it is, else a text.
    pub examples: Vec<(&'static str, Value)>,
}

/// Something that can be called.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// Other paths that are answered alike.
    pub also_at: Vec<&'static str>,
    /// Its name, unique in the document.
    pub name: &'static str,
    /// What it belongs to.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else is to be known, in Markdown; empty: nothing.
    pub about: &'static str,
    /// The names of proofs, of which one set is enough; nothing: everybody may call.
    pub proofs: &'static [&'static [&'static str]],
    /// Parameters.
    pub parameters: Vec<Parameter>,
    /// The body.
    pub body: Option<Body>,
    /// Answers.
    pub answers: Vec<Answer>,
}

/// The media type of JSON.
const JSON: &str = "application/json";
/// Forms before JSON: that is what `curl -d` sends.
const FORM_OR_JSON: &[&str] = &["application/x-www-form-urlencoded", JSON];

impl Operation {
    /// An operation that takes nothing and answers nothing yet.
    #[must_use]
    pub fn new(
        method: Method,
        path: &'static str,
        (tag, name): (&'static str, &'static str),
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            also_at: Vec::new(),
            name,
            tag,
            summary,
            about: "",
            proofs: &[],
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
        }
    }

    /// Also answered at that path.
    #[must_use]
    pub fn also_at(mut self, path: &'static str) -> Self {
        self.also_at.push(path);
        self
    }

    /// With more words about it.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Callers prove who they are by one of these sets.
    #[must_use]
    pub const fn proved_by(mut self, proofs: &'static [&'static [&'static str]]) -> Self {
        self.proofs = proofs;
        self
    }

    /// With a parameter in the path.
    #[must_use]
    pub fn path(self, name: &'static str, schema: Schema, about: &'static str, example: &'static str) -> Self {
        self.parameter(Place::Path, [need(name, schema, about).such_as(example)])
    }

    /// With parameters in the query.
    #[must_use]
    pub fn query(self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.parameter(Place::Query, fields)
    }

    /// With headers.
    #[must_use]
    pub fn headers(self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.parameter(Place::Header, fields)
    }

    fn parameter(mut self, place: Place, fields: impl IntoIterator<Item = Field>) -> Self {
        self.parameters.extend(fields.into_iter().map(|field| Parameter { place, field }));
        self
    }

    /// With a body that is a JSON object.
    #[must_use]
    pub fn json(self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.body(&[JSON], object(fields))
    }

    /// With a body that is a form, or a JSON object with the same names.
    #[must_use]
    pub fn form(self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.body(FORM_OR_JSON, object(fields))
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, media: &'static [&'static str], schema: Schema) -> Self {
        self.body = Some(Body { media, schema });
        self
    }

    /// Answers JSON.
    #[must_use]
    pub fn answers(self, status: u16, about: &'static str, schema: Schema) -> Self {
        self.answers_in(status, about, JSON, schema)
    }

    /// Answers in another media type.
    #[must_use]
    pub fn answers_in(mut self, status: u16, about: &'static str, media: &'static str, schema: Schema) -> Self {
        self.answers.push(Answer { status, about, content: Some((media, schema)), examples: Vec::new() });
        self
    }

    /// Answers without a body.
    #[must_use]
    pub fn answers_nothing(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push(Answer { status, about, content: None, examples: Vec::new() });
        self
    }

    /// With an answer that was seen; it belongs to the answer of its status and media type.
    ///
    /// # Panics
    /// If there is no such answer: the document would be wrong, and tests make all of them.
    #[must_use]
    pub fn seen(mut self, name: &'static str, exchange: &Exchange<'_>) -> Self {
        let Given { status, media, value } = exchange.answer();
        let answer = self.answers.iter_mut().find(|answer| answer.is_of(status, media));
        let answer = answer.unwrap_or_else(|| panic!("{}: no answer {status} in {media}", self.name));
        answer.examples.push((name, value));
        self
    }

    /// With the value of an answer that is shown as an example, as [`seen`](Self::seen).
    ///
    /// # Panics
    /// As [`seen`](Self::seen).
    #[must_use]
    pub fn shows(mut self, status: u16, value: Value) -> Self {
        let answer = self.answers.iter_mut().find(|answer| answer.is_of(status, JSON));
        let answer = answer.unwrap_or_else(|| panic!("{}: no answer {status}", self.name));
        answer.examples.push(("shown", value));
        self
    }

    /// Its paths.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        [self.path].into_iter().chain(self.also_at.iter().copied())
    }

    /// The parameters of a place.
    pub fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Field> {
        self.parameters.iter().filter(move |parameter| parameter.place == place).map(|parameter| &parameter.field)
    }

    /// The answer with that status and media type.
    #[must_use]
    pub fn answer(&self, status: u16, media: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.is_of(status, media))
    }
}

impl Answer {
    /// Whether it has that status and media type; parameters of the type do not count.
    fn is_of(&self, status: u16, media: &str) -> bool {
        let bare = |media: &str| media.split(';').next().unwrap_or_default().trim().to_owned();
        let own = self.content.as_ref().map(|(media, _)| bare(media)).unwrap_or_default();
        self.status == status && own == bare(media)
    }
}
