//! From a document to JSON (OpenAPI Specification 3.1.0).

use serde_json::{Map, Value, json};

use super::operation::{Answer, Operation, Parameter, Place};
use super::{Document, Proof, Shown};

/// The version of the specification that documents follow.
const VERSION: &str = "3.1.0";

impl Document {
    /// The document for a product of that version.
    #[must_use]
    pub fn json(&self, version: &str) -> Value {
        let mut schemas = Map::new();
        let mut paths = Map::new();
        for operation in &self.operations {
            let item = paths.entry(operation.path).or_insert_with(|| json!({}));
            item[operation.method.as_str().to_ascii_lowercase()] = operation.written(&mut schemas);
        }
        let webhooks: Map<String, Value> =
            self.webhooks.iter().map(|webhook| (webhook.name.to_owned(), webhook.written(&mut schemas))).collect();
        let proofs: Map<String, Value> =
            self.proofs.iter().map(|proof| (proof.name.to_owned(), proof.json())).collect();
        let mut document = json!({
            "openapi": VERSION,
            "info": {
                "title": self.title,
                "version": version,
                "description": self.about,
                "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
            },
            "servers": [{ "url": "/", "description": "this gateway" }],
            "tags": self.tags().iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
            "paths": paths,
            "components": { "schemas": schemas, "securitySchemes": proofs },
        });
        if !webhooks.is_empty() {
            document["webhooks"] = Value::Object(webhooks);
        }
        document
    }
}

impl Proof {
    fn json(&self) -> Value {
        let key = |place: &str, name: &str| json!({ "type": "apiKey", "in": place, "name": name });
        let mut value = match self.shown {
            Shown::Basic => json!({ "type": "http", "scheme": "basic" }),
            Shown::Bearer => json!({ "type": "http", "scheme": "bearer" }),
            Shown::Header(name) => key("header", name),
            Shown::Query(name) => key("query", name),
            Shown::Cookie(name) => key("cookie", name),
        };
        value["description"] = self.about.into();
        value
    }
}

impl Operation {
    /// What is said of it in words, other paths included.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = self.about.to_owned();
        for path in &self.also_at {
            let space = if words.is_empty() { "" } else { " " };
            words.push_str(&format!("{space}Answered alike at `{path}`."));
        }
        words
    }

    fn written(&self, schemas: &mut Map<String, Value>) -> Value {
        let mut value = json!({
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": responses(&self.answers, schemas),
        });
        let words = self.words();
        if !words.is_empty() {
            value["description"] = words.into();
        }
        if !self.parameters.is_empty() {
            value["parameters"] =
                self.parameters.iter().map(|parameter| parameter.json(schemas)).collect::<Vec<_>>().into();
        }
        if let Some(body) = &self.body {
            let schema = body.schema.json(schemas);
            let example = self.body_example();
            let content: Map<String, Value> = body
                .media
                .iter()
                .map(|media| {
                    let mut content = json!({ "schema": schema });
                    if let Some(example) = &example {
                        content["example"] = example.clone();
                    }
                    ((*media).to_owned(), content)
                })
                .collect();
            value["requestBody"] = json!({ "required": self.needs_body(), "content": content });
        }
        let security: Vec<Value> = self
            .proofs
            .iter()
            .map(|set| Value::Object(set.iter().map(|name| ((*name).to_owned(), json!([]))).collect()))
            .collect();
        value["security"] = security.into();
        value
    }

    /// A body of the examples of its members; `None` if they have none.
    #[must_use]
    pub fn body_example(&self) -> Option<Value> {
        let fields = self.body.as_ref()?.schema.fields()?;
        let given = fields.named.iter().filter_map(|field| Some((field.name.to_owned(), field.example.clone()?)));
        let given: Map<String, Value> = given.collect();
        (!given.is_empty()).then_some(Value::Object(given))
    }

    fn needs_body(&self) -> bool {
        let fields = self.body.as_ref().and_then(|body| body.schema.fields());
        fields.is_none_or(|fields| fields.named.iter().any(|field| field.is_required))
    }
}

impl Parameter {
    fn json(&self, schemas: &mut Map<String, Value>) -> Value {
        let field = &self.field;
        let place = match self.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        };
        let mut value = json!({
            "name": field.name,
            "in": place,
            "required": field.is_required,
            "schema": field.schema.json(schemas),
        });
        if !field.about.is_empty() {
            value["description"] = field.about.into();
        }
        if let Some(example) = &field.example {
            value["example"] = example.clone();
        }
        value
    }
}

/// Answers of one status are one response, with a media type each and what each of them means.
fn responses(answers: &[Answer], schemas: &mut Map<String, Value>) -> Value {
    let mut responses = Map::new();
    for answer in answers {
        let response =
            responses.entry(answer.status.to_string()).or_insert_with(|| json!({ "description": answer.about }));
        let Some((media, schema)) = &answer.content else { continue };
        let mut content = json!({ "schema": schema.json(schemas) });
        if !answer.examples.is_empty() {
            let examples = answer.examples.iter().map(|(name, value)| ((*name).to_owned(), json!({ "value": value })));
            content["examples"] = Value::Object(examples.collect());
        }
        response["content"][*media] = content;
    }
    Value::Object(responses)
}
