//! A file of sections, and the facts in them.

use whimbrel_core::{Currency, Money, PhoneNumber, Timestamp};

const SECTIONS: [&str; 8] = ["source", "given", "request", "call", "outcome", "response", "notice", "webhook"];

/// A file's sections in their order.
pub(crate) struct File(Vec<(String, String)>);

impl File {
    pub(crate) fn parse(text: &str) -> Self {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            match line.strip_prefix("--- ").map(str::trim_end).filter(|name| SECTIONS.contains(name)) {
                Some(name) => sections.push((name.to_owned(), String::new())),
                None => sections.last_mut().expect("the file opens with a section").1.push_str(line),
            }
        }
        Self(sections)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(section, _)| section == name)
    }

    /// A section without its last line break.
    pub(crate) fn get(&self, name: &str) -> &str {
        let (_, text) = self.0.iter().find(|(section, _)| section == name).unwrap_or_else(|| panic!("no {name}"));
        text.strip_suffix('\n').unwrap_or(text)
    }

    pub(crate) fn set(&mut self, name: &str, text: &str) {
        let section = self.0.iter_mut().find(|(section, _)| section == name);
        section.unwrap_or_else(|| panic!("no {name}")).1 = format!("{text}\n");
    }

    pub(crate) fn print(&self) -> String {
        self.0.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect()
    }
}

/// `name: value` lines.
pub(crate) struct Facts<'a>(pub(crate) &'a str);

impl<'a> Facts<'a> {
    pub(crate) fn find(&self, name: &str) -> Option<&'a str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn get(&self, name: &str) -> &'a str {
        self.find(name).unwrap_or_else(|| panic!("no `{name}`"))
    }

    pub(crate) fn hex(&self, name: &str) -> i64 {
        i64::from_str_radix(self.get(name), 16).expect("a hexadecimal number")
    }

    /// A string as JSON writes it, so that any text fits in a line.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.find(name).map(|text| serde_json::from_str(text).expect("a string in quotes"))
    }

    pub(crate) fn octets(&self, name: &str) -> Vec<u8> {
        let digits = self.find(name).unwrap_or_default().as_bytes();
        let octet = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        digits.chunks(2).map(|pair| octet(pair).expect("hexadecimal octets")).collect()
    }

    pub(crate) fn instant(&self, name: &str) -> Timestamp {
        Timestamp(self.get(name).parse().expect("microseconds"))
    }

    pub(crate) fn count<N: std::str::FromStr>(&self, name: &str) -> N {
        self.get(name).parse().unwrap_or_else(|_| panic!("`{name}` is no number in range"))
    }

    pub(crate) fn money(&self, name: &str) -> Money {
        money(self.get(name))
    }
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse(text, Currency::EUR).expect("an amount")
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_digits(text).expect("a number")
}
