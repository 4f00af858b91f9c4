//! What went over a wire: a request with its answer, a PDU, a webhook with its answer.

/// One thing that went over a wire.
#[derive(Debug, Clone)]
pub enum Wire {
    /// A request and its answer: a customer's to us, or a webhook of ours.
    Exchange(Exchange),
    /// A PDU.
    Pdu(Pdu),
}

/// A request and its answer. `Debug` of the pieces shows texts: pages alone read them.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was asked.
    pub request: Http,
    /// What was answered; `None` if nothing was.
    pub answer: Option<Http>,
    /// Why nothing was answered, or how long the steps took.
    pub note: Box<str>,
    /// Where it can be sent again, below `ui/`.
    pub again: Option<Box<str>>,
}

/// One half of an exchange, its secrets masked.
#[derive(Debug, Clone)]
pub struct Http {
    /// Its first line.
    pub line: Box<str>,
    /// Names and values, in order.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The body's beginning; `None` if it is hidden or no text.
    pub body: Option<Box<str>>,
    /// How long the whole body is.
    pub body_bytes: usize,
}

/// A PDU in words.
#[derive(Debug, Clone)]
pub struct Pdu {
    /// Names and values, in the order of the wire.
    pub fields: Vec<(Box<str>, Box<str>)>,
    /// The frame in hexadecimal, in lines of sixteen octets; `None` if it would show what is hidden.
    pub dump: Option<Box<str>>,
    /// Octets that are left out.
    pub hidden: usize,
}

/// Octets in lines of sixteen: place, hexadecimal digits, and what is printable.
#[must_use]
pub fn dump(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (index, line) in octets.chunks(16).enumerate() {
        // Writing to a text cannot fail.
        _ = write!(text, "{:04x}  ", index * 16);
        for place in 0..16 {
            match line.get(place) {
                Some(octet) => _ = write!(text, "{octet:02x} "),
                None => text.push_str("   "),
            }
        }
        text.push(' ');
        text.extend(
            line.iter().map(|octet| if octet.is_ascii_graphic() || *octet == b' ' { char::from(*octet) } else { '.' }),
        );
        text.push('\n');
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An exchange that is full of `words`.
    pub(crate) fn hostile(words: &str) -> Wire {
        let half = Http {
            line: words.into(),
            headers: vec![(words.into(), words.into())],
            body: Some(words.into()),
            body_bytes: 9,
        };
        Wire::Exchange(Exchange { request: half.clone(), answer: Some(half), note: words.into(), again: None })
    }

    #[test]
    fn octets_are_shown_as_people_know_them() {
        let shown = dump(b"\0\0\0\x10\x80\0\0\x04Hello, \xffw");
        assert_eq!(
            shown,
            "0000  00 00 00 10 80 00 00 04 48 65 6c 6c 6f 2c 20 ff  ........Hello, .\n\
             0010  77                                               w\n"
        );
        assert_eq!(dump(b""), "");
    }
}
