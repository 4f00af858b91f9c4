//! The only place that prints, and that knows whether somebody looks on.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};
use whimbrel_core::Span;

use super::args::{ColorWhen, ConsentArgs, OutputArgs};
use super::client::env;
use super::{Exit, Failure};

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 79;

/// Work that is done before this needs no bar.
const PATIENCE: Span = Span::seconds(1);
/// Where a line cannot be written over, there is one as often as this.
pub(super) const LINES_EVERY: Span = Span::seconds(10);

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    json: bool,
    quiet: bool,
    answer_has_color: bool,
    error_has_color: bool,
    answer_is_terminal: bool,
    error_is_terminal: bool,
    may_ask: bool,
    bars: Bars,
}

/// When bars of long work are drawn at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bars {
    /// Once it takes longer than [`PATIENCE`].
    WhenLong,
    /// From the first moment on.
    AtOnce,
    /// Never, nor lines of progress elsewhere.
    Never,
}

/// Colours, as the terminal's own palette has them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Color {
    Red,
    Green,
    Yellow,
    Faint,
}

/// What decides about colours, apart from the flag.
#[derive(Debug, Clone, Copy)]
struct ColorWishes {
    no_color: bool,
    force: bool,
    is_dumb: bool,
}

impl Out {
    pub(super) fn new(args: &OutputArgs) -> Self {
        let wishes = ColorWishes {
            no_color: env("NO_COLOR").is_some(),
            force: env("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            is_dumb: env("TERM").as_deref() == Some("dumb"),
        };
        let (answer, error) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Self {
            json: args.json,
            quiet: args.quiet,
            answer_has_color: has_color(args.color, wishes, answer),
            error_has_color: has_color(args.color, wishes, error),
            answer_is_terminal: answer,
            error_is_terminal: error,
            may_ask: !args.no_input && std::io::stdin().is_terminal() && error,
            bars: match env("WHIMBREL_PROGRESS").as_deref() {
                Some("always") => Bars::AtOnce,
                Some("never") => Bars::Never,
                _ => Bars::WhenLong,
            },
        }
    }

    /// Without colours, for nobody's eyes.
    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self {
            json: false,
            quiet: true,
            answer_has_color: false,
            error_has_color: false,
            answer_is_terminal: false,
            error_is_terminal: false,
            may_ask: false,
            bars: Bars::WhenLong,
        }
    }

    /// Whether the answer is to be JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether only answers and errors are wanted.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether progress is wanted, and whether a line may be written over.
    pub(super) fn progress(&self) -> Option<Progress> {
        match (self.quiet || self.bars == Bars::Never, self.error_is_terminal) {
            (true, _) => None,
            (false, true) => Some(Progress::Rewritten),
            (false, false) => Some(Progress::Lines),
        }
    }

    /// How long work goes on before anything is said of it.
    pub(super) fn patience(&self) -> Span {
        match (self.bars, self.error_is_terminal) {
            (Bars::AtOnce, true) => Span::ZERO,
            (_, true) => PATIENCE,
            (_, false) => LINES_EVERY,
        }
    }

    /// Prints the answer of a command: the server's document with its `schema`, or what `told` makes of it.
    pub(super) fn document(&self, schema: &str, document: &Value, told: impl FnOnce() -> String) {
        if !self.json {
            return answer(&told());
        }
        let document = with_schema(schema, document);
        answer(&format!("{document:#}"));
    }

    /// Prints one document of a stream.
    pub(super) fn line(&self, schema: &str, document: &Value, told: impl FnOnce() -> String) {
        answer(&if self.json { with_schema(schema, document).to_string() } else { told() });
    }

    /// Rows with a heading: aligned for a terminal, else separated by tabs.
    pub(super) fn table(&self, heading: &[&str], rows: &[Vec<String>]) -> String {
        table(heading, rows, self.answer_is_terminal)
    }

    /// A word of the answer in a colour, if colours are wanted.
    pub(super) fn colored(&self, color: Color, text: &str) -> String {
        paint(color, text, self.answer_has_color)
    }

    /// Says something about the answer.
    pub(super) fn hint(&self, text: &str) {
        if !self.quiet {
            _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Writes over the last line of stderr. What is wider than the terminal is cut: a second line would stay.
    pub(super) fn rewrite(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let columns = rustix::termios::tcgetwinsize(&stderr).map_or(0, |size| usize::from(size.ws_col));
        let text: String = text.chars().take(if columns == 0 { COLUMNS } else { columns - 1 }).collect();
        _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
    }

    /// Warns.
    pub(super) fn warning(&self, text: &str) {
        self.hint(&format!("{}: {text}", paint(Color::Yellow, "warning", self.error_has_color)));
    }

    /// Prints why a command did not succeed.
    pub(super) fn failure(&self, failure: &Failure) {
        if failure.problems.is_empty() {
            return;
        }
        let mut stderr = std::io::stderr().lock();
        if self.json {
            let errors: Value = failure.problems.iter().map(super::Problem::to_json).collect();
            let document = json!({ "schema": "whimbrel.error/1", "exit_code": failure.exit.code(), "errors": errors });
            _ = writeln!(stderr, "{document}");
            return;
        }
        for problem in &failure.problems {
            let mark = paint(Color::Red, &format!("error[{}]", problem.code), self.error_has_color);
            _ = writeln!(stderr, "{mark}: {}", problem.message);
        }
    }

    /// Asks for consent to something that cannot be undone.
    ///
    /// # Errors
    /// Nobody is there to ask, or the answer is no.
    pub(super) fn consent(&self, given: ConsentArgs, what: &str) -> Result<(), Failure> {
        if given.yes {
            return Ok(());
        }
        if !self.may_ask {
            return Err(Failure::coded(Exit::Usage, "E0101", format!("{what}: give --yes, nobody is here to ask")));
        }
        let mut stderr = std::io::stderr().lock();
        _ = write!(stderr, "{what}? [y/N] ").and_then(|()| stderr.flush());
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let is_yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if read.is_ok() && is_yes {
            Ok(())
        } else {
            Err(Failure::coded(Exit::Interrupted, "E1300", "nothing was done"))
        }
    }
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// One line, written over each second.
    Rewritten,
    /// A line every ten seconds.
    Lines,
}

/// Prints the answer of a command. A closed pipe ends the output quietly.
pub(super) fn answer(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    octets(format!("{text}{end}").as_bytes());
}

/// Prints an answer that is no text.
pub(super) fn octets(octets: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    _ = stdout.write_all(octets).and_then(|()| stdout.flush());
}

/// A text from outside as a terminal may show it: no control characters, so that it cannot move the cursor or colour the screen.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A field of a document for people: `-` for nothing.
pub(super) fn field(document: &Value, name: &str) -> String {
    match &document[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

fn with_schema(schema: &str, document: &Value) -> Value {
    let mut whole = serde_json::Map::new();
    whole.insert("schema".to_owned(), json!(format!("whimbrel.{schema}/1")));
    match document {
        Value::Object(fields) => whole.extend(fields.clone()),
        other => _ = whole.insert("value".to_owned(), other.clone()),
    }
    Value::Object(whole)
}

fn has_color(when: ColorWhen, wishes: ColorWishes, is_terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if wishes.no_color => false,
        ColorWhen::Auto => wishes.force || (is_terminal && !wishes.is_dumb),
    }
}

fn paint(color: Color, text: &str, is_wanted: bool) -> String {
    let code = match color {
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Faint => 2,
    };
    if is_wanted { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn table(heading: &[&str], rows: &[Vec<String>], is_aligned: bool) -> String {
    let heading = [heading.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()];
    let all = heading.iter().chain(rows);
    if !is_aligned {
        return all.map(|row| row.join("\t")).collect::<Vec<_>>().join("\n");
    }
    let columns = heading[0].len();
    let width = |column: usize| {
        let cells = heading.iter().chain(rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_follow_the_flag_then_the_environment_then_the_terminal() {
        let wishes = |no_color, force, is_dumb| ColorWishes { no_color, force, is_dumb };
        let none = wishes(false, false, false);
        assert!(has_color(ColorWhen::Auto, none, true) && !has_color(ColorWhen::Auto, none, false));
        assert!(has_color(ColorWhen::Always, wishes(true, false, true), false));
        assert!(!has_color(ColorWhen::Never, wishes(false, true, false), true));
        assert!(!has_color(ColorWhen::Auto, wishes(true, true, false), true), "NO_COLOR is the stronger one");
        assert!(has_color(ColorWhen::Auto, wishes(false, true, true), false));
        assert!(!has_color(ColorWhen::Auto, wishes(false, false, true), true), "TERM=dumb");
    }

    #[test]
    fn tables_are_aligned_for_people_and_separated_by_tabs_for_programs() {
        let rows = vec![vec!["a".to_owned(), "longer".to_owned()], vec!["bcd".to_owned(), String::new()]];
        assert_eq!(table(&["X", "Y"], &rows, true), "X    Y\na    longer\nbcd");
        assert_eq!(table(&["X", "Y"], &rows, false), "X\tY\na\tlonger\nbcd\t");
    }

    #[test]
    fn a_document_keeps_its_fields_and_says_its_schema() {
        let document = with_schema("message", &json!({ "id": "A1" }));
        assert_eq!(document, json!({ "schema": "whimbrel.message/1", "id": "A1" }));
    }
}
