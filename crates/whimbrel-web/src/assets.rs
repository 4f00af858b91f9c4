//! Styles, scripts and pictures, in the binary. Each has a mark of its content in its path, so that it may be kept for ever.

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    name: &'static str,
    ending: &'static str,
    /// As `Content-Type` has it.
    pub content_type: &'static str,
    /// What is in it.
    pub content: &'static str,
    mark: u64,
}

const fn asset(
    (name, ending): (&'static str, &'static str),
    content_type: &'static str,
    content: &'static str,
) -> Asset {
    Asset { name, ending, content_type, content, mark: mark(content.as_bytes()) }
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All of them.
pub static ASSETS: &[Asset] = &[
    asset(("style", "css"), CSS, include_str!("../assets/style.css")),
    asset(("page", "js"), SCRIPT, include_str!("../assets/page.js")),
    asset(("inbox", "js"), SCRIPT, include_str!("../assets/inbox.js")),
    asset(("message", "js"), SCRIPT, include_str!("../assets/message.js")),
    asset(("phones", "js"), SCRIPT, include_str!("../assets/phones.js")),
    asset(("icon", "svg"), "image/svg+xml", include_str!("../assets/icon.svg")),
];

/// The asset that templates call `name`: `style.css`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| name.split_once('.') == Some((asset.name, asset.ending)))
}

/// The asset at `path`, below `ui/assets/`, and whether its content is the one that the path names.
#[must_use]
pub fn at(path: &str) -> Option<(&'static Asset, Freshness)> {
    let asset = ASSETS.iter().find(|asset| {
        let rest = path.strip_prefix(asset.name).and_then(|rest| rest.strip_suffix(asset.ending));
        rest.is_some_and(|rest| rest.starts_with('-') && rest.ends_with('.'))
    })?;
    let freshness = if path == asset.path() { Freshness::Named } else { Freshness::Other };
    Some((asset, freshness))
}

/// Whether an asset is the one that its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is, and will be for ever.
    Named,
    /// Another version was asked for: a page from before an update.
    Other,
}

impl Asset {
    /// Its path below `ui/assets/`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}-{:016x}.{}", self.name, self.mark, self.ending)
    }
}

/// FNV-1a, 64 bits: tells versions of a file apart, against nobody's will.
const fn mark(content: &[u8]) -> u64 {
    let mut mark = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < content.len() {
        mark = (mark ^ content[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_content() {
        // Published with the algorithm: the marks of "" and "foobar".
        assert_eq!((mark(b""), mark(b"foobar")), (0xcbf2_9ce4_8422_2325, 0x8594_4171_f739_67e8));
        for asset in ASSETS {
            let (found, freshness) = at(&asset.path()).expect("an asset at its path");
            assert_eq!((found.path(), freshness), (asset.path(), Freshness::Named));
        }
        let (found, freshness) = at("style-0000000000000000.css").expect("another version");
        assert_eq!((found.name, freshness), ("style", Freshness::Other));
        for strange in ["", "style.css", "style-", "../style-1.css", "nothing-1.css", "style-1.js"] {
            assert!(at(strange).is_none(), "{strange}");
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in ASSETS {
            let without_names = asset.content.replace("http://www.w3.org/2000/svg", "");
            assert!(!without_names.contains("://") && !without_names.contains("@import"), "{}", asset.name);
            assert!(!without_names.contains("eval(") && !without_names.contains("new Function"), "{}", asset.name);
        }
    }
}
