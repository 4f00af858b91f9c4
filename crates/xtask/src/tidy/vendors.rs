//! A vendor's name stands only where that vendor's dialect lives, in its registry line, in tests and in prose.
//!
//! So a fourth dialect is one folder, and nothing else in the product learns of it.

use crate::tidy::{Finding, SourceFile, Tree, is_test, product_lines};

/// A vendor's names, in lower case, and the id of its folder.
struct Vendor {
    id: &'static str,
    names: &'static [&'static str],
}

const VENDORS: &[Vendor] = &[
    Vendor { id: "nexmo", names: &["nexmo", "vonage"] },
    // The bare word is a number. In quotes, or as a module, it is the dialect.
    Vendor { id: "seven", names: &["seven.io", "sms77", "\"seven\"", "seven::", "dialects/seven"] },
    Vendor { id: "nexo", names: &["nexo", "sk_live_", "sk_test_"] },
];

/// This file: the rule has to name what it looks for.
const RULE_ITSELF: &str = "crates/xtask/src/tidy/vendors.rs";

/// Finds vendors' names outside their places.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().filter(|file| is_product(&file.path)).flat_map(check_file).collect()
}

/// Prose, tests and examples may name vendors; so may the lock file and the list of tools, which name packages.
fn is_product(path: &str) -> bool {
    let prose = path.ends_with(".md") || path.starts_with("docs/") || path.starts_with("changelog.d/");
    let outside = path.split('/').any(|part| part == "examples") || path.starts_with("LICENSE");
    let packages = matches!(path, "Cargo.lock" | "tools.toml");
    !(prose || outside || packages || is_test(path) || path == RULE_ITSELF)
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in product_lines(&file.text) {
        let lower = text.to_lowercase();
        for vendor in VENDORS {
            for name in vendor.names {
                if lower.contains(name) && !is_home(&file.path, text, vendor) {
                    let problem = format!("names `{name}`: a vendor's name belongs in its dialect's folder only");
                    findings.push(Finding::new(&file.path, line, problem));
                }
            }
        }
    }
    findings
}

/// Whether this line of this file is one of the vendor's own places.
fn is_home(path: &str, line: &str, vendor: &Vendor) -> bool {
    let id = vendor.id;
    let folders = [
        format!("crates/whimbrel-dialects/src/{id}/"),
        format!("crates/whimbrel-carriers/src/relay/{id}/"),
        format!("crates/whimbrel-signing/src/{id}/"),
        format!("fuzz/corpus/{id}_"),
        format!("fuzz/corpus/dialect_request/{id}-"),
        format!("fuzz/fuzz_targets/{id}_"),
    ];
    let files = [format!("crates/whimbrel-dialects/src/{id}.rs"), format!("crates/whimbrel-signing/src/{id}.rs")];
    let at_home =
        folders.iter().any(|folder| path.starts_with(folder.as_str())) || files.iter().any(|file| path == file);
    let registered = match path {
        "crates/whimbrel-dialects/src/lib.rs" => line.trim() == format!("pub mod {id};"),
        "crates/whimbrel-signing/src/lib.rs" => line.trim() == format!("pub mod {id};"),
        "crates/whimbrel-signing/src/registry.rs" => line.contains(&format!("crate::{id}::")),
        "fuzz/Cargo.toml" => line.contains(&format!("{id}_")),
        // Lines name what was fuzzed.
        "reliability/evidence.jsonl" => line.contains(&format!("_{id}_")),
        "crates/whimbrel-dialects/src/registry.rs" => line.contains(&format!("crate::{id}::")),
        "crates/whimbrel-carriers/src/registry.rs" => line.contains(&format!("relay::{id}::")),
        _ => false,
    };
    at_home || registered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn a_vendor_at_home_is_fine() {
        let tree = tree(&[
            ("crates/whimbrel-dialects/src/nexmo/mod.rs", "//! The Nexmo SMS API."),
            ("crates/whimbrel-dialects/src/registry.rs", "    &crate::nexmo::Nexmo,"),
            ("crates/whimbrel-dialects/src/lib.rs", "pub mod nexmo;"),
            ("crates/whimbrel-sms/tests/splitting.rs", "// Nexmo's guide"),
            ("crates/whimbrel-sms/src/part.rs", "fn a() {}\n#[cfg(test)]\nmod tests { /* Nexmo's example */ }"),
            ("docs/dialects/nexmo.md", "Nexmo"),
            ("reliability/evidence.jsonl", "seconds_of_nexmo_request"),
            ("README.md", "Vonage and seven.io"),
            ("tests/blackbox/test_sdk.py", "import vonage"),
        ]);
        assert_eq!(places(&check(&tree)), [""; 0]);
    }

    /// The folders and files of the real repository, with a name planted into each.
    #[test]
    fn a_name_is_found_wherever_it_is_planted() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders = vec![root.join("crates"), root.join("data")];
        let mut paths = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the repository is there") {
                let path = entry.expect("an entry").path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => paths.push(path.strip_prefix(&root).expect("below").to_string_lossy().into_owned()),
                }
            }
        }
        let paths: Vec<String> = paths.into_iter().filter(|path| is_product(path)).collect();
        assert!(paths.len() > 300, "{} files are no repository", paths.len());
        for vendor in VENDORS {
            for name in vendor.names {
                let text = format!("//! Nothing.\n// Unlike {name} we do this.\n");
                for path in paths.iter().filter(|path| !is_home(path, &text, vendor)) {
                    let found = check(&tree(&[(path.as_str(), text.as_str())]));
                    assert!(found.iter().any(|finding| finding.line == 2), "{name} in {path}");
                }
            }
        }
    }

    #[test]
    fn planted_names_are_found() {
        let tree = tree(&[
            ("crates/whimbrel/src/server/mount.rs", "//! Mounts.\nif path == \"/nexmo\" {}"),
            ("crates/whimbrel-core/src/plan.rs", "struct VonagePlan;"),
            ("crates/whimbrel-dialects/src/registry.rs", "// nexmo comes first"),
            ("crates/whimbrel-dialects/src/nexo/mod.rs", "//! Unlike sms77, unlike Nexo Route."),
            ("data/prices.csv", "# as on seven.io"),
            ("crates/whimbrel/src/api/sign_up.rs", "if dialect == \"seven\" {}"),
            ("crates/whimbrel-engine/src/handle.rs", "use whimbrel_dialects::seven::Seven;"),
            ("crates/whimbrel/src/gateway/dev.rs", "secret: \"sk_live_0123\","),
            ("crates/whimbrel/src/api/mod.rs", "#[cfg(test)]\nmod tests;\n\nconst PATH: &str = \"/sms77\";"),
        ]);
        let found = [
            "crates/whimbrel/src/server/mount.rs:2",
            "crates/whimbrel-core/src/plan.rs:1",
            "crates/whimbrel-dialects/src/registry.rs:1",
            "crates/whimbrel-dialects/src/nexo/mod.rs:1",
            "data/prices.csv:1",
            "crates/whimbrel/src/api/sign_up.rs:1",
            "crates/whimbrel-engine/src/handle.rs:1",
            "crates/whimbrel/src/gateway/dev.rs:1",
            "crates/whimbrel/src/api/mod.rs:4",
        ];
        assert_eq!(places(&check(&tree)), found);
    }
}
