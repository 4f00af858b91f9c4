//! Reads scenario files, and says what is wrong with one, where, and what to do.
//!
//! Keys are looked at before values: a key that nobody knows is named with the one that was probably meant.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Answers, Client, Ids, NumberRule, RULES_MAX, Receipts, Scenario, ScenarioError, Sessions, Wires};

/// What is wrong, and where by its keys: `client.0.rate`.
pub(super) struct Flaw {
    path: String,
    problem: String,
    remedy: String,
}

impl Flaw {
    fn new(path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), remedy: remedy.into() }
    }

    pub(super) fn at_line(self, line: usize) -> ScenarioError {
        ScenarioError { line, problem: format!("`{}` {}", self.path, self.problem), remedy: self.remedy }
    }
}

pub(super) fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    let line_at = |octet: usize| text.as_bytes().iter().take(octet).filter(|octet| **octet == b'\n').count() + 1;
    let line_of = |error: &toml::de::Error| line_at(error.span().map_or(0, |span| span.start));
    let table = DeTable::parse(text).map_err(|error| ScenarioError {
        line: line_of(&error),
        problem: error.message().to_owned(),
        remedy: "write TOML".to_owned(),
    })?;
    know_keys(table.get_ref(), Level::Top, &line_at)?;
    let scenario: Scenario = toml::from_str(text).map_err(|error| ScenarioError {
        line: line_of(&error),
        problem: error.message().trim_end().replace('\n', ", "),
        remedy: "write what is expected here (docs/guide/simulator.md)".to_owned(),
    })?;
    check(&scenario).map_err(|flaw| {
        let octet = locate(table.get_ref(), &flaw.path);
        flaw.at_line(line_at(octet))
    })?;
    Ok(scenario)
}

/// Which keys a table may have.
#[derive(Clone, Copy)]
enum Level {
    Top,
    Client,
    Number,
    Section(&'static [&'static str]),
}

const TOP_KEYS: &[&str] = &["seed", "system_id", "ignore_suffixes", "query_messages_max"];
const SECTIONS: &[(&str, &[&str])] = &[
    ("ids", Ids::KEYS),
    ("receipts", Receipts::KEYS),
    ("answers", Answers::KEYS),
    ("session", Sessions::KEYS),
    ("wire", Wires::KEYS),
];

impl Level {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Top => TOP_KEYS,
            Self::Client => Client::KEYS,
            Self::Number => NumberRule::KEYS,
            Self::Section(keys) => keys,
        }
    }

    /// The tables within it.
    fn tables(self) -> Vec<(&'static str, Level)> {
        let sections = |count: usize| SECTIONS.iter().take(count).map(|(name, keys)| (*name, Self::Section(keys)));
        match self {
            Self::Top => sections(5).chain([("client", Self::Client), ("number", Self::Number)]).collect(),
            Self::Client => sections(5).collect(),
            Self::Number => sections(3).collect(),
            Self::Section(_) => Vec::new(),
        }
    }
}

fn know_keys(table: &DeTable<'_>, level: Level, line_at: &dyn Fn(usize) -> usize) -> Result<(), ScenarioError> {
    let tables = level.tables();
    for (key, value) in table {
        let name: &str = key.get_ref();
        if let Some((_, within)) = tables.iter().find(|(known, _)| *known == name) {
            each_table(value, &mut |table| know_keys(table, *within, line_at))?;
        } else if !level.keys().contains(&name) {
            let known = || level.keys().iter().chain(tables.iter().map(|(name, _)| name)).copied();
            let remedy = match nearest(name, known()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
            };
            let line = line_at(key.span().start);
            return Err(ScenarioError { line, problem: format!("`{name}` is not known here"), remedy });
        }
    }
    Ok(())
}

fn each_table(
    value: &Spanned<DeValue<'_>>,
    visit: &mut dyn FnMut(&DeTable<'_>) -> Result<(), ScenarioError>,
) -> Result<(), ScenarioError> {
    match value.get_ref() {
        DeValue::Table(table) => visit(table),
        DeValue::Array(array) => array.iter().try_for_each(|element| each_table(element, visit)),
        // The reader of values refuses anything else, and says where.
        _ => Ok(()),
    }
}

/// Where in the text the value at `path` begins: as near to it as the text goes.
fn locate(table: &DeTable<'_>, path: &str) -> usize {
    let mut octet = 0;
    let mut at: Option<&DeValue<'_>> = None;
    for step in path.split('.') {
        let next = match at {
            None => table.iter().find(|(key, _)| key.get_ref() == step).map(|(_, value)| value),
            Some(DeValue::Table(table)) => table.iter().find(|(key, _)| key.get_ref() == step).map(|(_, value)| value),
            Some(DeValue::Array(array)) => step.parse().ok().and_then(|index: usize| array.get(index)),
            Some(_) => None,
        };
        let Some(next) = next else { return octet };
        octet = next.span().start;
        at = Some(next.get_ref());
    }
    octet
}

/// The first value that cannot be obeyed.
pub(super) fn check(scenario: &Scenario) -> Result<(), Flaw> {
    let Scenario { ids, receipts, answers, session, wire, clients, numbers, .. } = scenario;
    if scenario.system_id.as_ref().is_some_and(|name| name.len() > 15 || name.contains('\0')) {
        return Err(Flaw::new("system_id", "does not fit", "use at most 15 characters and no NUL"));
    }
    if scenario.query_messages_max > 1_000_000 {
        return Err(Flaw::new("query_messages_max", "is too many", "use at most 1000000"));
    }
    message_rules("", ids, receipts, answers)?;
    session_rules("", session, wire)?;
    for (name, count) in [("client", clients.len()), ("number", numbers.len())] {
        if count > RULES_MAX {
            return Err(Flaw::new(name, "is there too often", format!("use at most {RULES_MAX}")));
        }
    }
    for (index, client) in clients.iter().enumerate() {
        check_client(&format!("client.{index}."), client)?;
    }
    for (index, number) in numbers.iter().enumerate() {
        check_number(&format!("number.{index}"), number)?;
    }
    Ok(())
}

fn check_client(path: &str, client: &Client) -> Result<(), Flaw> {
    let flaw = |key: &str, problem: &str, remedy: &str| Err(Flaw::new(format!("{path}{key}"), problem, remedy));
    if client.system_id.is_empty() {
        return flaw("system_id", "is missing", "name the client, or `*` for any");
    }
    if client.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
        return flaw("rate", "is no rate", "use parts a second, more than 0");
    }
    if client.burst == Some(0) || client.window == Some(0) {
        let key = if client.burst == Some(0) { "burst" } else { "window" };
        return flaw(key, "lets nothing pass", "use 1 or more");
    }
    message_rules(path, &client.ids, &client.receipts, &client.answers)?;
    session_rules(path, &client.session, &client.wire)
}

fn check_number(path: &str, number: &NumberRule) -> Result<(), Flaw> {
    let given = [&number.exact, &number.prefix, &number.suffix];
    let mut given = given.into_iter().flatten();
    let (Some(digits), None) = (given.next(), given.next()) else {
        return Err(Flaw::new(path, "does not say which numbers", "give one of exact, prefix and suffix"));
    };
    if digits.is_empty() {
        return Err(Flaw::new(path, "is for no digits", "give some, such as suffix = \"07\""));
    }
    message_rules(&format!("{path}."), &number.ids, &number.receipts, &number.answers)
}

fn message_rules(path: &str, ids: &Ids, receipts: &Receipts, answers: &Answers) -> Result<(), Flaw> {
    let flaw = |key: &str, remedy: &str| Err(Flaw::new(format!("{path}{key}"), "cannot be obeyed", remedy));
    if ids.width.is_some_and(|width| !(1..=64).contains(&width)) {
        return flaw("ids.width", "use 1 to 64 digits");
    }
    if receipts.drop_rate.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
        return flaw("receipts.drop_rate", "use a chance from 0 to 1");
    }
    if receipts.copies.is_some_and(|copies| copies > 10) {
        return flaw("receipts.copies", "use 0 to 10");
    }
    if receipts.dates.is_some_and(|dates| !matches!(dates, 0 | 10 | 12 | 14 | 16)) {
        return flaw("receipts.dates", "use 10, 12, 14 or 16 characters, or 0 for no dates");
    }
    for (key, words) in [("receipts.state_word", &receipts.state_word), ("receipts.error_text", &receipts.error_text)] {
        if words.iter().flatten().any(|words| words.len() > 64) {
            return flaw(key, "use at most 64 characters");
        }
    }
    let (most, day_ms) = ([receipts.delay_ms.flatten(), receipts.shuffle_ms, answers.delay_ms.flatten()], 86_400_000);
    for (key, delay) in ["receipts.delay_ms", "receipts.shuffle_ms", "answers.delay_ms"].into_iter().zip(most) {
        if delay.is_some_and(|delay| delay > 31 * day_ms) {
            return flaw(key, "use at most 31 days, in milliseconds");
        }
    }
    if answers.refuse_status == Some(Some(0)) {
        return flaw("answers.refuse_status", "use a status that refuses, such as 0x58; leave it out to accept");
    }
    if answers.refuse_every == Some(0) || answers.refuse_burst == Some(0) {
        let key = if answers.refuse_every == Some(0) { "answers.refuse_every" } else { "answers.refuse_burst" };
        return flaw(key, "use 1 or more");
    }
    if answers.copies.is_some_and(|copies| !(1..=10).contains(&copies)) {
        return flaw("answers.copies", "use 1 to 10; silent = true for none");
    }
    Ok(())
}

fn session_rules(path: &str, session: &Sessions, wire: &Wires) -> Result<(), Flaw> {
    let flaw = |key: &str, remedy: &str| Err(Flaw::new(format!("{path}{key}"), "cannot be obeyed", remedy));
    if session.bind_status == Some(Some(0)) {
        return flaw("session.bind_status", "use a status that refuses, such as 0x0D; leave it out to let in");
    }
    for (key, chance) in [("session.unbind_chance", session.unbind_chance), ("wire.drop_rate", wire.drop_rate)] {
        if chance.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            return flaw(key, "use a chance from 0 to 1");
        }
    }
    let day_ms = 86_400_000;
    let waits = [
        ("session.enquire_every_ms", session.enquire_every_ms),
        ("session.disconnect_after_ms", session.disconnect_after_ms),
        ("wire.write_delay_ms", wire.write_delay_ms),
        ("wire.merge_ms", wire.merge_ms),
    ];
    for (key, wait) in waits {
        if wait.is_some_and(|wait| wait > day_ms) {
            return flaw(key, "use at most a day, in milliseconds");
        }
    }
    if session.first_text.iter().flatten().any(|text| text.chars().count() > 70) {
        return flaw("session.first_text", "use at most 70 characters: it is one part");
    }
    Ok(())
}

/// The known word that is nearest to `word`, if it is near enough to be what was meant.
fn nearest(word: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    if let Some(begun) = known.clone().find(|known| word.len() >= 3 && known.starts_with(word)) {
        return Some(begun);
    }
    let (distance, meant) = known.map(|known| (strsim::levenshtein(word, known), known)).min()?;
    (distance <= (word.chars().count() / 3).max(2)).then_some(meant)
}
