//! A small strict reader of XML 1.0, so that what we print is judged by other code than what printed it.
//!
//! It knows a prolog, elements, attributes, text and the references that need no definition. Everything else is an error, also
//! what XML would allow: our answers hold none of it.

/// An element with what it holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// The text of an element without children.
    pub(crate) text: String,
}

impl Element {
    /// The only child of that name.
    pub(crate) fn child(&self, name: &str) -> &Element {
        let mut named = self.children.iter().filter(|child| child.name == name);
        let child = named.next().unwrap_or_else(|| panic!("no <{name}> in <{}>", self.name));
        assert!(named.next().is_none(), "<{name}> stands twice");
        child
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a whole document.
pub(crate) fn read(document: &str) -> Result<Element, String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = document.chars().find(|c| !allowed(*c)) {
        return Err(format!("{c:?} cannot stand in a document"));
    }
    let prologs =
        ["<?xml version='1.0' encoding='UTF-8' ?>", r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#];
    let rest = prologs.iter().find_map(|prolog| document.strip_prefix(prolog)).ok_or("no prolog")?;
    let mut reader = Reader { rest: rest.trim_start() };
    let root = reader.element()?;
    match reader.rest.trim_start() {
        "" => Ok(root),
        rest => Err(format!("{rest:?} stands after the root")),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, text: &str) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(text).ok_or_else(|| format!("no {text:?} before {:?}", self.rest))?;
        Ok(())
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> Result<&'a str, String> {
        let end = self.rest.find(stop).ok_or("the document breaks off")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(text)
    }

    fn name(&mut self) -> Result<String, String> {
        let name = self.until(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))?;
        match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            true => Ok(name.to_owned()),
            false => Err(format!("{name:?} is no name")),
        }
    }

    fn element(&mut self) -> Result<Element, String> {
        self.take("<")?;
        let mut element =
            Element { name: self.name()?, attributes: Vec::new(), children: Vec::new(), text: String::new() };
        while self.rest.starts_with(' ') {
            self.take(" ")?;
            let name = self.name()?;
            self.take("='")?;
            let value = text(self.until(|c| matches!(c, '\'' | '<'))?)?;
            self.take("'")?;
            if element.attribute(&name).is_some() {
                return Err(format!("attribute {name} stands twice"));
            }
            element.attributes.push((name, value));
        }
        self.take(">")?;
        loop {
            let before = self.until(|c| c == '<')?;
            let ends = self.rest.starts_with("</");
            match ends && element.children.is_empty() {
                true => element.text = text(before)?,
                false if before.trim().is_empty() => {}
                false => return Err(format!("{before:?} stands between elements")),
            }
            if ends {
                break;
            }
            element.children.push(self.element()?);
        }
        self.take("</")?;
        let name = self.name()?;
        self.take(">")?;
        match name == element.name {
            true => Ok(element),
            false => Err(format!("</{name}> closes <{}>", element.name)),
        }
    }
}

/// Text with its references resolved.
fn text(raw: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = raw;
    if raw.contains('>') {
        return Err(format!("a bare > in {raw:?}"));
    }
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or_else(|| format!("a bare & in {raw:?}"))?;
        out.push_str(before);
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "#13" => '\r',
            _ => return Err(format!("unknown reference {name:?}")),
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[test]
fn the_reader_takes_no_broken_document() {
    let read = |body: &str| read(&format!("<?xml version='1.0' encoding='UTF-8' ?>\n{body}"));
    assert_eq!(read("<a b='1'><c>x &amp; y</c></a>").expect("good").child("c").text, "x & y");
    for bad in [
        "",
        "<a>",
        "<a></b>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\r</a>",
        "<a>\u{fffe}</a>",
        "<a></a><b></b>",
        "<a>x<b></b></a>",
        "<a b='<'></a>",
        "<a b='1' b='2'></a>",
        "<1></1>",
        "<a></a>x",
    ] {
        assert!(read(bad).is_err(), "{bad:?}");
    }
    assert!(super::xml::read("<a></a>").is_err());
}
