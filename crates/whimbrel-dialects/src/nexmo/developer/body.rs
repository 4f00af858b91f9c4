//! Bodies: compact JSON, and XML on one line after the prolog that the definitions show. Fields stand in the order in which they are
//! written.

use std::fmt::{Arguments, Display};
use std::io::Write as _;

use super::super::escape;

/// A JSON object being written.
pub(in super::super) struct Object(Vec<u8>);

impl Object {
    pub(in super::super) fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// A field with a text.
    pub(in super::super) fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push(b'"');
        escape::json(&mut self.0, value);
        self.0.push(b'"');
        self
    }

    /// A field with a text, if there is one.
    pub(in super::super) fn text_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A field with a number or a boolean.
    pub(in super::super) fn bare(mut self, name: &str, value: impl Display) -> Self {
        self.name(name);
        push(&mut self.0, format_args!("{value}"));
        self
    }

    /// A field with an object.
    pub(in super::super) fn object(mut self, name: &str, value: Self) -> Self {
        self.name(name);
        self.0.extend_from_slice(&value.close());
        self
    }

    /// A field with an array of objects.
    pub(in super::super) fn objects(mut self, name: &str, values: impl IntoIterator<Item = Self>) -> Self {
        self.name(name);
        self.list(values, |out, value| out.extend_from_slice(&value.close()));
        self
    }

    /// A field with an array of texts.
    pub(in super::super) fn texts<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.name(name);
        self.list(values, |out, value| {
            out.push(b'"');
            escape::json(out, value);
            out.push(b'"');
        });
        self
    }

    /// The whole object.
    pub(in super::super) fn close(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        push(&mut self.0, format_args!("\"{name}\":"));
    }

    fn list<T>(&mut self, values: impl IntoIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
        self.0.push(b'[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(&mut self.0, value);
        }
        self.0.push(b']');
    }
}

/// An XML document being written.
pub(in super::super) struct Xml(Vec<u8>);

impl Xml {
    /// A whole document.
    pub(in super::super) fn document(root: &str, inside: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut document = Self(Vec::with_capacity(512));
        document.0.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>");
        document.within(root, inside);
        document.0
    }

    /// An element with elements.
    pub(in super::super) fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        push(&mut self.0, format_args!("<{name}>"));
        inside(self);
        push(&mut self.0, format_args!("</{name}>"));
    }

    /// An element with a text.
    pub(in super::super) fn text(&mut self, name: &str, value: &str) {
        self.within(name, |xml| escape::xml(&mut xml.0, value));
    }

    /// An element with a text, if there is one.
    pub(in super::super) fn text_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An element with a number or a boolean.
    pub(in super::super) fn bare(&mut self, name: &str, value: impl Display) {
        self.within(name, |xml| push(&mut xml.0, format_args!("{value}")));
    }
}

/// Writing to a vector cannot fail, so the result says nothing.
fn push(out: &mut Vec<u8>, text: Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_as_they_are_written() {
        let text = |object: Object| String::from_utf8(object.close()).expect("UTF-8");
        assert_eq!(text(Object::new()), "{}");
        let inner = || Object::new().bare("n", 1);
        let object = Object::new().text("a", "x\"y").bare("b", true).objects("c", [inner(), inner()]).texts("d", ["e"]);
        let object = object.object("f", Object::new()).text_if("g", None).texts("h", []);
        assert_eq!(text(object), r#"{"a":"x\"y","b":true,"c":[{"n":1},{"n":1}],"d":["e"],"f":{},"h":[]}"#);
    }
}
