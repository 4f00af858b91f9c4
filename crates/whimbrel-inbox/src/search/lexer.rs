//! A query in pieces: what stands between blanks, with quotes taken off.

use std::ops::Range;

use super::SearchError;

/// What stands between blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Where it stands, its sign and quotes included.
    pub span: Range<usize>,
    /// Whether `-` or `!` stands before it.
    pub is_negated: bool,
    /// What stands before the first colon, if that is a name.
    pub key: Option<String>,
    /// The rest, without quotes.
    pub value: String,
    /// Whether the value was in quotes.
    pub is_quoted: bool,
    /// Where the value stands, its quotes included.
    pub value_span: Range<usize>,
}

/// Cuts a query into tokens.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, SearchError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = query[at..].find(|c: char| !c.is_whitespace()).map(|offset| at + offset) {
        let (token, end) = token(query, start)?;
        at = end;
        found.push(token);
    }
    Ok(found)
}

fn token(query: &str, start: usize) -> Result<(Token, usize), SearchError> {
    let rest = &query[start..];
    // A sign alone is a word like any other.
    let is_negated = rest.starts_with(['-', '!']) && rest[1..].starts_with(|c: char| !c.is_whitespace());
    let body = start + usize::from(is_negated);
    let key = key(&query[body..]);
    let value_start = key.map_or(body, |key| body + key.len() + 1);
    let (value, is_quoted, end) = value(query, value_start)?;
    let token = Token {
        span: start..end,
        is_negated,
        key: key.map(str::to_ascii_lowercase),
        value,
        is_quoted,
        value_span: value_start..end,
    };
    Ok((token, end))
}

/// A name with a colon after it. Times such as 12:30 and whatever begins with a quote have none.
fn key(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_name && text[end..].starts_with(':')).then(|| &text[..end])
}

/// The value from `start`: up to the next blank, or to its closing quote. Within quotes `\"` is a quote.
fn value(query: &str, start: usize) -> Result<(String, bool, usize), SearchError> {
    let rest = &query[start..];
    let Some(quoted) = rest.strip_prefix('"') else {
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        return Ok((rest[..length].to_owned(), false, start + length));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((offset, c)) = characters.next() {
        match c {
            '"' => return Ok((value, true, start + 1 + offset + 1)),
            '\\' if quoted[offset + 1..].starts_with(['"', '\\']) => {
                value.extend(characters.next().map(|(_, escaped)| escaped));
            }
            c => value.push(c),
        }
    }
    Err(SearchError::new(start..query.len(), "this quote is never closed", "put a \" after the phrase"))
}
