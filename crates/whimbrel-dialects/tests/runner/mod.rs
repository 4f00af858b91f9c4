//! The runner of the exchange files, and what is checked of them beside their bytes.

mod applications;
mod failures;
pub(crate) mod file;
mod forms;
mod many;
mod outcomes;
pub(crate) mod requests;
mod resources;
mod schema;
mod secrets;
mod shapes;
pub(crate) mod webhooks;
mod xml;

use std::path::PathBuf;

use file::File;

/// The folder of the files of one dialect.
fn folder(dialect: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges").join(dialect)
}

/// One file of that folder, by its name without the extension.
fn open(dialect: &str, stem: &str) -> File {
    let path = folder(dialect).join(format!("{stem}.txt"));
    File::parse(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The body of the answer that a file shows.
fn body(file: &File) -> &str {
    file.get("response").split_once("\n\n").map_or("", |(_, body)| body)
}
