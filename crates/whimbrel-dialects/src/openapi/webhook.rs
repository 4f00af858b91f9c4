//! What the gateway asks of a customer's URL, described as an operation whose server is the customer (OpenAPI Specification 3.1.0,
//! "webhooks" of the OpenAPI object).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use super::operation::Field;
use super::schema::Schema;

/// One kind of request to a customer.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its name, unique in the document.
    pub name: &'static str,
    /// What it belongs to.
    pub tag: &'static str,
    /// What it tells.
    pub summary: &'static str,
    /// What counts as taken, and what else is to be known.
    pub about: &'static str,
    /// What it holds, in a body, or by GET in the query.
    pub schema: Schema,
    /// Headers besides.
    pub headers: Vec<Field>,
    /// Requests that were seen, each with a name: they also say by which methods and media types it comes.
    pub examples: Vec<(&'static str, Sent)>,
}

/// A request to a customer in pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// In capitals.
    pub method: String,
    /// The media type; empty if there is no body.
    pub media: String,
    /// What it holds: JSON as it is, parameters of a query or form as an object of texts.
    pub value: Value,
}

impl Webhook {
    /// One without headers and examples.
    #[must_use]
    pub fn new(name: &'static str, (tag, summary): (&'static str, &'static str), schema: Schema) -> Self {
        Self { name, tag, summary, about: "", schema, headers: Vec::new(), examples: Vec::new() }
    }

    /// With more in words.
    #[must_use]
    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// With headers.
    #[must_use]
    pub fn headers(mut self, headers: impl IntoIterator<Item = Field>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// With the request of an exchange file.
    #[must_use]
    pub fn seen(mut self, name: &'static str, exchange: &Exchange<'_>) -> Self {
        self.examples.push((name, exchange.sent()));
        self
    }

    /// As a path item: an operation for each method that was seen.
    pub(super) fn written(&self, schemas: &mut Map<String, Value>) -> Value {
        let mut by_method: BTreeMap<&str, Vec<&(&'static str, Sent)>> = BTreeMap::new();
        for example in &self.examples {
            by_method.entry(&example.1.method).or_default().push(example);
        }
        let item = by_method
            .into_iter()
            .map(|(method, examples)| (method.to_ascii_lowercase(), self.operation(method, &examples, schemas)));
        Value::Object(item.collect())
    }

    fn operation(&self, method: &str, examples: &[&(&'static str, Sent)], schemas: &mut Map<String, Value>) -> Value {
        let mut parameters: Vec<Value> = self.headers.iter().map(|field| parameter(field, "header", schemas)).collect();
        let mut operation = json!({
            "operationId": format!("{}By{}{}", self.name, &method[..1], method[1..].to_ascii_lowercase()),
            "tags": [self.tag],
            "summary": self.summary,
            "responses": { "2XX": { "description": "It is taken, and not told again" } },
        });
        if !self.about.is_empty() {
            operation["description"] = self.about.into();
        }
        if method == "GET" {
            let fields = self.schema.fields().map(|fields| fields.named.as_slice()).unwrap_or_default();
            let first = examples.first().map(|(_, sent)| &sent.value);
            parameters.extend(fields.iter().map(|field| {
                let example = first.and_then(|value| value.get(field.name)).cloned();
                parameter(&Field { example, ..field.clone() }, "query", schemas)
            }));
        } else {
            let mut content = Map::new();
            for (name, sent) in examples {
                let media = content
                    .entry(sent.media.clone())
                    .or_insert_with(|| json!({ "schema": self.schema.json(schemas), "examples": {} }));
                media["examples"][*name] = json!({ "value": sent.value });
            }
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        operation
    }
}

fn parameter(field: &Field, place: &str, schemas: &mut Map<String, Value>) -> Value {
    let mut value = json!({
        "name": field.name, "in": place, "required": field.is_required, "schema": field.schema.json(schemas),
    });
    if !field.about.is_empty() {
        value["description"] = field.about.into();
    }
    if let Some(example) = &field.example {
        value["example"] = example.clone();
    }
    value
}
