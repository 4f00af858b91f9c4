//! `openapi`: the documents of the APIs, without a server.

use serde_json::Value;

use super::args::OpenapiArgs;
use super::failure::{Exit, Failure};
use super::output::{self, Out};
use crate::api::reference;

/// Prints a document, or which there are.
pub(super) fn run(args: &OpenapiArgs, out: &Out) -> Result<(), Failure> {
    let Some(name) = &args.api else {
        let listed = reference::listed();
        out.document("openapi-list", &listed, || lines(&listed));
        return Ok(());
    };
    let Some(document) = reference::written(name) else {
        let names: Vec<&str> = reference::documents().map(|(name, _)| name).collect();
        return Err(Failure::new(Exit::Usage, format!("there is no API `{name}`: name one of {}", names.join(", "))));
    };
    // Tools read it as it is: it is no document of ours around another, with --json too.
    output::answer(&format!("{document:#}"));
    Ok(())
}

fn lines(listed: &Value) -> String {
    let documents = listed["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let line =
        |one: &Value| format!("{:<8} {:>3} operations  {}", word(one, "name"), one["operations"], word(one, "title"));
    documents.iter().map(line).collect::<Vec<_>>().join("\n")
}
