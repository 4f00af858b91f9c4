//! Configurations and the table of settings as people read them: TOML that is read back to the same, and pages.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, SECTIONS};
use super::schema::{Key, Section, find};
use super::settings::Shown;
use super::value::quoted;
use super::{CarrierKind, Config};

/// Columns of a comment.
const WIDTH: usize = 110;

const HEAD: &str = "\
# Whimbrel's settings, with their defaults. Later ones win: the defaults, the file or the files *.toml of the folder that
# --config names, the environment, the command line. Environment names are WHIMBREL_ and the path, with __ for each dot
# (WHIMBREL_CARRIERS__ACME__WINDOW); those in (parentheses) have a short one too. An unknown setting is an error.
# Times are written 200ms, 10s, 5m, 2h or 3d; sizes are bytes, or 64KiB, 1MiB; rates 100/s. Addresses are IP:PORT or
# \"off\"; port 0 takes a free one.
";

/// The default file, for `config defaults`: every setting with its default, its meaning and its bounds.
#[must_use]
pub fn default_file() -> String {
    let mut file = HEAD.to_owned();
    for section in SECTIONS {
        file.push('\n');
        comment(&mut file, section.help);
        let heading = section.heading();
        let mark = if section.path.contains('*') { "# " } else { "" };
        file.push_str(&format!("{mark}{heading}\n"));
        for key in keys_of(section) {
            let bounds = if key.kind.is_plain() { String::new() } else { format!(" Takes {}.", key.kind.describe()) };
            let env = key.env.map(|env| format!(" ({env})")).unwrap_or_default();
            comment(&mut file, &format!("{}{bounds}{env}", key.help));
            let (mark, value) = match key.default {
                Some(default) => (mark, key.toml_of(default)),
                None => ("# ", key.toml_of(key.example.unwrap_or_default())),
            };
            file.push_str(&format!("{mark}{} = {value}\n", key.name()));
        }
    }
    file
}

/// The reference of `docs/configuration.md`: a table for each section.
#[must_use]
pub fn reference() -> String {
    let mut page = String::new();
    for section in SECTIONS {
        page.push_str(&format!("### `{}`\n\n{}\n\n", section.heading(), section.help));
        page.push_str("| setting | takes | default | what it does | change |\n|---|---|---|---|---|\n");
        for key in keys_of(section) {
            let default = match key.default_toml() {
                Some(default) => format!("`{default}`"),
                None if key.is_needed => "needed".to_owned(),
                None => "not set".to_owned(),
            };
            let env = key.env.map(|env| format!(" (`{env}`)")).unwrap_or_default();
            let reload = match key.reload {
                super::Reload::Applies => "reload",
                super::Reload::Rebinds => "reload, binds anew",
                super::Reload::Restart => "restart",
            };
            let takes = key.kind.describe().replace('|', "\\|");
            page.push_str(&format!("| `{}`{env} | {takes} | {default} | {} | {reload} |\n", key.name(), key.help));
        }
        page.push('\n');
    }
    page
}

fn keys_of(section: &Section) -> impl Iterator<Item = &'static Key> {
    let path = section.path;
    KEYS.iter().filter(move |key| key.section() == path)
}

impl Section {
    fn heading(&self) -> String {
        match self.path.strip_suffix(".*") {
            Some("routes") => "[[routes]]".to_owned(),
            Some(above) => format!("[{above}.acme]"),
            None => format!("[{}]", self.path),
        }
    }
}

/// Whether secrets are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// As a mark in their place.
    Hidden,
    /// As they are.
    Shown,
}

/// Whether each line says where its value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// No.
    Left,
    /// As a comment.
    Commented,
}

impl Config {
    /// The whole configuration as one file: read back, it is the same (but for hidden secrets).
    #[must_use]
    pub fn to_toml(&self, secrets: Secrets, origins: Origins) -> String {
        let mut file = String::new();
        let mut heading = String::new();
        for shown in &self.in_order() {
            let (section, name) = shown.path.rsplit_once('.').unwrap_or(("", &shown.path));
            if section != heading {
                heading = section.to_owned();
                let break_before = if file.is_empty() { "" } else { "\n" };
                let written =
                    if section.starts_with("routes.") { "[[routes]]".to_owned() } else { format!("[{section}]") };
                file.push_str(&format!("{break_before}{written}\n"));
            }
            let value = self.written(shown, secrets);
            let origin = match origins {
                Origins::Left => String::new(),
                Origins::Commented => format!("  # {}", shown.origin),
            };
            file.push_str(&format!("{name} = {value}{origin}\n"));
        }
        file
    }

    /// The whole configuration as JSON, in the form that the JSON Schema describes. Secrets are hidden.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        let mut routes = Vec::new();
        let in_order = self.in_order();
        for shown in &in_order {
            let parts: Vec<&str> = shown.path.split('.').collect();
            let value = if shown.path == "data.dir" { json!(self.data_dir) } else { shown.json.clone() };
            match parts[..] {
                ["routes", index, name] => {
                    if routes.last().is_none_or(|(last, _): &(&str, Map<String, Value>)| *last != index) {
                        routes.push((index, Map::new()));
                    }
                    if let Some((_, route)) = routes.last_mut() {
                        route.insert(name.to_owned(), value);
                    }
                }
                [section, name] => insert(&mut document, &[section], name, value),
                [above, section, name] => insert(&mut document, &[above, section], name, value),
                _ => {}
            }
        }
        if !routes.is_empty() {
            let routes = routes.into_iter().map(|(_, route)| Value::Object(route)).collect();
            document.insert("routes".to_owned(), routes);
        }
        Value::Object(document)
    }

    /// Settings section by section, routes by their number.
    fn in_order(&self) -> Vec<Shown> {
        let mut shown = self.shown.clone();
        let place = |shown: &Shown| {
            let mut parts = shown.path.split('.');
            let section = parts.next().unwrap_or_default();
            let rank = SECTIONS.iter().position(|known| known.path.split('.').next() == Some(section));
            let name = parts.next().unwrap_or_default().to_owned();
            // Names of carriers sort as words, numbers of routes as numbers.
            let number = if section == "routes" { name.parse().unwrap_or(0_usize) } else { 0 };
            let group = if parts.next().is_some() { name } else { String::new() };
            let key = find(&shown.path).and_then(|own| KEYS.iter().position(|key| key.path == own.path));
            (rank, number, group, key)
        };
        shown.sort_by_key(place);
        shown
    }

    fn written(&self, shown: &Shown, secrets: Secrets) -> String {
        if shown.path == "data.dir" {
            return quoted(&self.data_dir.display().to_string());
        }
        if secrets == Secrets::Shown
            && let Some(name) = shown.path.strip_prefix("carriers.").and_then(|rest| rest.strip_suffix(".password"))
            && let Some(carrier) = self.carriers.iter().find(|carrier| carrier.name == name)
        {
            let CarrierKind::Smpp(smpp) = &carrier.kind;
            return quoted(smpp.password.expose());
        }
        shown.value.clone()
    }
}

fn insert(document: &mut Map<String, Value>, sections: &[&str], name: &str, value: Value) {
    let mut here = document;
    for section in sections {
        let below = here.entry((*section).to_owned()).or_insert_with(|| json!({}));
        let Value::Object(below) = below else { return };
        here = below;
    }
    here.insert(name.to_owned(), value);
}

/// Writes a comment in lines of bounded width.
fn comment(file: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            file.push_str(&line);
            file.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    file.push_str(&line);
    file.push('\n');
}
