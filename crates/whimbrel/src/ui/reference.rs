//! `GET api?of=&q=`: how applications send, and what each API can be called for, from the same descriptions as the OpenAPI documents.

use whimbrel_dialects::openapi::{Answer, Document, Field, Operation, Place, Shown};
use whimbrel_dialects::registry;
use whimbrel_web::Section;
use whimbrel_web::document;
use whimbrel_web::reference::{ApiChoice, Group, ReferencePage, ShownAnswer, ShownApi, ShownField, ShownOperation};

use super::{Visit, inbox, page};
use crate::api::reference::{NATIVE, documents};
use crate::server::Answer as Response;

/// What the page says of the native API besides.
const NATIVE_PAGE: &str = include_str!("../../../../docs/api.md");

/// Shows it.
pub(super) fn show(visit: &Visit<'_>) -> Response {
    let said = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(visit.request.query().as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.chars().take(100).collect::<String>())
    };
    let (wanted, query) = (said("of").unwrap_or_default(), said("q").unwrap_or_default());
    let all: Vec<(&'static str, Document)> = documents().collect();
    let shown = all.iter().position(|(name, _)| *name == wanted).unwrap_or(0);
    let apis = all.iter().enumerate().map(|(place, (name, document))| ApiChoice {
        name,
        title: document.title.clone(),
        is_shown: place == shown,
    });
    let apis: Vec<ApiChoice> = apis.collect();
    let Some((name, document)) = all.get(shown) else { return super::nothing_here(visit) };
    let caller = Caller::of(visit, name, document);
    let shown = ReferencePage {
        frame: visit.frame_in(Section::Api, "API"),
        start: inbox::quick_start(visit),
        apis,
        api: api(name, document, &query, &caller),
        native: if *name == NATIVE && query.is_empty() { document::read(NATIVE_PAGE) } else { Vec::new() },
        query,
    };
    page(200, &shown).into()
}

fn api(name: &'static str, document: &Document, query: &str, caller: &Caller) -> ShownApi {
    let wanted: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let is_wanted = |operation: &Operation| {
        let told = format!("{} {} {} {}", operation.method.as_str(), operation.path, operation.summary, operation.tag);
        let told = told.to_lowercase();
        wanted.iter().all(|word| told.contains(word))
    };
    let groups = document.tags().into_iter().map(|tag| {
        let own = document.operations.iter().filter(|operation| operation.tag == tag && is_wanted(operation));
        Group { tag, operations: own.map(|operation| shown(operation, caller)).collect() }
    });
    let groups = groups.filter(|group| !group.operations.is_empty()).collect();
    ShownApi { name, title: document.title.clone(), about: document.about, groups }
}

fn shown(operation: &Operation, caller: &Caller) -> ShownOperation {
    let places = [(Place::Path, "path"), (Place::Query, "query"), (Place::Header, "header")];
    let around =
        places.into_iter().flat_map(|(place, name)| operation.parameters_in(place).map(move |field| (field, name)));
    let members = operation.body.iter().filter_map(|body| body.schema.fields()).flat_map(|fields| &fields.named);
    let fields = around.chain(members.map(|field| (field, "body"))).map(|(field, place)| told(field, place));
    ShownOperation {
        name: operation.name,
        method: operation.method.as_str(),
        path: operation.path,
        summary: operation.summary,
        about: operation.words(),
        fields: fields.collect(),
        curl: caller.line(operation),
        answers: operation.answers.iter().map(answer).collect(),
    }
}

fn told(field: &Field, place: &'static str) -> ShownField {
    let (name, is_required, about) = (field.name, field.is_required, field.about);
    ShownField { name, place, is_required, kind: field.schema.told(), about }
}

fn answer(answer: &Answer) -> ShownAnswer {
    let schema = answer.content.as_ref().map(|(_, schema)| schema);
    // What refusals say is the same everywhere: it is told once, with the document.
    let fields = schema.and_then(|schema| schema.fields()).filter(|_| answer.status < 300);
    let example = |value: &serde_json::Value| value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
    ShownAnswer {
        status: answer.status,
        about: answer.about,
        media: answer.content.as_ref().map_or("", |(media, _)| media),
        members: fields.iter().flat_map(|fields| &fields.named).map(|field| told(field, "")).collect(),
        examples: answer.examples.iter().map(|(_, value)| example(value)).collect(),
    }
}

/// Who calls in command lines, and where.
struct Caller {
    base: String,
    /// The flag that proves it; empty: nothing is needed.
    proof: String,
    key: &'static str,
}

impl Caller {
    /// The development account where there is one, else words that stand for credentials.
    fn of(visit: &Visit<'_>, name: &str, document: &Document) -> Self {
        let base = inbox::quick_start(visit).base.to_string();
        let dialect = registry::by_name(name).map(|dialect| dialect.descriptor());
        let (key, secret) = match dialect.filter(|_| visit.is_dev()) {
            Some(dialect) => (dialect.dev_account.key, dialect.dev_account.secret),
            None => ("KEY", "SECRET"),
        };
        let proof = match document.proofs.first().map(|proof| proof.shown) {
            _ if dialect.is_none() && visit.is_dev() => String::new(),
            Some(Shown::Basic) => format!(" -u {key}:{secret}"),
            Some(Shown::Bearer) => format!(" -H \"Authorization: Bearer {secret}\""),
            Some(Shown::Header(name)) => format!(" -H {name}:{secret}"),
            Some(Shown::Query(_) | Shown::Cookie(_)) | None => String::new(),
        };
        Self { base, proof, key }
    }

    fn line(&self, operation: &Operation) -> String {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = |place| {
            operation.parameters_in(place).filter_map(move |field| Some((field.name, text(field.example.as_ref()?))))
        };
        let mut path = operation.path.to_owned();
        for (name, value) in given(Place::Path) {
            // The account's own key is whose credentials they are.
            let value = if name == "api_key" { self.key.to_owned() } else { value };
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        let mut line = match operation.method.as_str() {
            "GET" => format!("curl \"{}{path}", self.base),
            method => format!("curl -X {method} \"{}{path}", self.base),
        };
        for (place, (name, value)) in given(Place::Query).enumerate() {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            line.push_str(&format!("{}{name}={value}", if place == 0 { '?' } else { '&' }));
        }
        line.push('"');
        if !operation.proofs.is_empty() {
            line.push_str(&self.proof);
        }
        for (name, value) in given(Place::Header) {
            line.push_str(&format!(" -H \"{name}: {value}\""));
        }
        let Some(body) = &operation.body else { return line };
        let example = operation.body_example().unwrap_or_else(|| serde_json::json!({}));
        match (body.media.first(), example.as_object()) {
            (Some(media), Some(members)) if !media.contains("json") => {
                for (name, value) in members {
                    line.push_str(&format!(" -d \"{name}={}\"", text(value)));
                }
            }
            _ => line.push_str(&format!(" -H \"Content-Type: application/json\" -d '{example}'")),
        }
        line
    }
}
