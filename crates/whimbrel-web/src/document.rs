//! A page of our own documentation in pieces: as much of Markdown as our pages use, for templates to write.
//!
//! Links lead to other pages of the documentation, which a running gateway does not have, so their words stand without them.

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading with its level, from 1.
    Heading(u8, Vec<Span>),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list.
    Items(Vec<Vec<Span>>),
    /// Lines of code.
    Code(String),
    /// A table.
    Table(Table),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its head.
    pub head: Vec<Vec<Span>>,
    /// Its rows.
    pub rows: Vec<Vec<Vec<Span>>>,
}

/// Words of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Plain(String),
    /// Code.
    Code(String),
    /// Words with weight.
    Strong(String),
}

/// Reads a document.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        if trimmed.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
            blocks.push(Block::Code(code.join("\n")));
        } else if (1..=6).contains(&level) {
            blocks.push(Block::Heading(u8::try_from(level).unwrap_or(6), spans(trimmed[level..].trim())));
        } else if trimmed.starts_with('|') {
            let mut rows = vec![cells(trimmed)];
            while let Some(row) = lines.next_if(|line| line.trim_start().starts_with('|')) {
                rows.push(cells(row.trim()));
            }
            let head = rows.remove(0);
            // The line below the head has nothing but dashes.
            rows.retain(|row| !row.iter().all(|cell| is_rule(cell)));
            blocks.push(Block::Table(Table { head, rows }));
        } else {
            let is_item = |line: &str| line.starts_with("- ") || line.starts_with("* ");
            let is_end = |line: &&str| {
                let line = line.trim();
                line.is_empty() || line.starts_with(['#', '|']) || line.starts_with("```")
            };
            let mut rest = vec![trimmed];
            while let Some(line) = lines.next_if(|line| !is_end(line)) {
                rest.push(line.trim());
            }
            if is_item(trimmed) {
                blocks.push(Block::Items(items(&rest)));
            } else {
                blocks.push(Block::Paragraph(spans(&rest.join(" "))));
            }
        }
    }
    blocks
}

fn items(lines: &[&str]) -> Vec<Vec<Span>> {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match (line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")), items.last_mut()) {
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line);
            }
            (item, _) => items.push(item.unwrap_or(line).to_owned()),
        }
    }
    items.iter().map(|item| spans(item)).collect()
}

fn is_rule(cell: &[Span]) -> bool {
    matches!(cell, [Span::Plain(text)] if text.bytes().all(|byte| matches!(byte, b'-' | b':')))
}

fn cells(row: &str) -> Vec<Vec<Span>> {
    let inner = row.strip_prefix('|').unwrap_or(row);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    // A stroke in code is code.
    let mut cells = vec![String::new()];
    let mut in_code = false;
    for character in inner.chars() {
        in_code ^= character == '`';
        match (character, cells.last_mut()) {
            ('|', _) if !in_code => cells.push(String::new()),
            (_, Some(cell)) => cell.push(character),
            (_, None) => {}
        }
    }
    cells.iter().map(|cell| spans(cell.trim())).collect()
}

/// Reads words on one line, such as what a document says of a field.
#[must_use]
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (made, taken) = special(rest).unwrap_or_else(|| (Span::Plain(character.into()), character.len_utf8()));
        rest = &rest[taken..];
        match made {
            Span::Plain(words) => plain.push_str(&words),
            other => {
                finish(&mut plain, &mut spans);
                spans.push(other);
            }
        }
    }
    finish(&mut plain, &mut spans);
    spans
}

/// What begins here if it is not plain, and how many octets it has.
fn special(text: &str) -> Option<(Span, usize)> {
    if let Some(rest) = text.strip_prefix('`') {
        let end = rest.find('`')?;
        return Some((Span::Code(rest[..end].to_owned()), end + 2));
    }
    if let Some(rest) = text.strip_prefix("**") {
        let end = rest.find("**")?;
        return Some((Span::Strong(rest[..end].to_owned()), end + 4));
    }
    let rest = text.strip_prefix('[')?;
    let middle = rest.find("](")?;
    let end = rest[middle..].find(')')? + middle;
    Some((Span::Plain(rest[..middle].to_owned()), end + 2))
}

fn finish(plain: &mut String, spans: &mut Vec<Span>) {
    if !plain.is_empty() {
        spans.push(Span::Plain(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_pages_are_read() {
        let plain = |text: &str| Span::Plain(text.to_owned());
        let code = |text: &str| Span::Code(text.to_owned());
        let text = "# Title\n\nTwo lines\nof [words](x.md#y) and `a|b`.\n\n| call | what |\n|---|---|\n| `a|b` | **no** |\n\n- one\n  more\n- two\n\n```\ncurl x\n```\n";
        assert_eq!(
            read(text),
            [
                Block::Heading(1, vec![plain("Title")]),
                Block::Paragraph(vec![plain("Two lines of words and "), code("a|b"), plain(".")]),
                Block::Table(Table {
                    head: vec![vec![plain("call")], vec![plain("what")]],
                    rows: vec![vec![vec![code("a|b")], vec![Span::Strong("no".to_owned())]]],
                }),
                Block::Items(vec![vec![plain("one more")], vec![plain("two")]]),
                Block::Code("curl x".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_not_closed_is_plain() {
        for text in ["`open", "**open", "[open](", "[", "|", "````"] {
            assert!(!read(text).is_empty(), "{text}");
        }
    }
}
