//! Which form an answer has: JSON, unless `Accept` prefers XML.

use crate::Reply;

/// The form of an answer, with the type that the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    /// As `application/xml`.
    ApplicationXml,
    /// As `text/xml`.
    TextXml,
}

impl Form {
    /// As the two low bits of [`Reply::page`] carry it.
    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Json => 0,
            Self::ApplicationXml => 1,
            Self::TextXml => 2,
        }
    }

    /// Of a reply that this dialect made.
    pub(super) const fn of(reply: &Reply) -> Self {
        match reply.page & 3 {
            1 => Self::ApplicationXml,
            2 => Self::TextXml,
            _ => Self::Json,
        }
    }

    pub(super) const fn is_xml(self) -> bool {
        !matches!(self, Self::Json)
    }

    /// With a charset, as captured of JSON. That of XML is our choice.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=UTF-8",
            Self::ApplicationXml => "application/xml;charset=UTF-8",
            Self::TextXml => "text/xml;charset=UTF-8",
        }
    }

    /// The form that an `Accept` header prefers (RFC 9110 §12.5.1). JSON wins a tie, unless it is wanted by a wildcard only.
    pub(super) fn wanted(accept: Option<&str>) -> Self {
        let mut json = Wish::NONE;
        let mut xml = [(Wish::NONE, Self::ApplicationXml), (Wish::NONE, Self::TextXml)];
        for range in accept.unwrap_or("*/*").split(',') {
            let mut pieces = range.split(';').map(str::trim);
            let media = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let weight = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
            let thousandths = weight.map_or(Some(1_000), thousandths).unwrap_or(0);
            match media.as_str() {
                "*/*" | "application/*" => json.raise(Wish { thousandths, is_named: false }),
                "application/json" | "text/json" => json.raise(Wish { thousandths, is_named: true }),
                "application/xml" => xml[0].0.raise(Wish { thousandths, is_named: true }),
                "text/xml" => xml[1].0.raise(Wish { thousandths, is_named: true }),
                _ => {}
            }
        }
        let [application, text] = xml;
        let best = if text.0 > application.0 { text } else { application };
        if best.0 > json { best.1 } else { Self::Json }
    }
}

/// How much a form is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    thousandths: u16,
    /// By its name, not by a wildcard.
    is_named: bool,
}

impl Wish {
    const NONE: Self = Self { thousandths: 0, is_named: false };

    fn raise(&mut self, other: Self) {
        if other.thousandths > 0 {
            *self = other.max(*self);
        }
    }
}

/// A weight such as `0.8`, in thousandths; `None` if it is none.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let is_numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 1 || fraction.len() > 3 || !is_numeric(whole) || !is_numeric(fraction) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    Some((whole.parse::<u16>().ok()? * 1_000 + fraction).min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_unless_xml_is_preferred() {
        for json in [
            None,
            Some(""),
            Some("*/*"),
            Some("application/json"),
            Some("application/json, text/xml"),
            Some("text/xml, application/json"),
            Some("text/xml;q=0.5, */*"),
            Some("text/html"),
            Some("text/xml;q=0"),
            Some("text/xml;q=x"),
            Some("application/xml;q=0.9, application/*;q=0.95"),
        ] {
            assert_eq!(Form::wanted(json), Form::Json, "{json:?}");
        }
        for xml in
            ["text/xml", "TEXT/XML", "text/xml, */*", "application/json;q=0.8, text/xml;q=0.81", "a/b, text/xml;v=1"]
        {
            assert_eq!(Form::wanted(Some(xml)), Form::TextXml, "{xml}");
        }
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for xml in ["application/xml", browser, "text/xml, application/xml"] {
            assert_eq!(Form::wanted(Some(xml)), Form::ApplicationXml, "{xml}");
        }
    }
}
