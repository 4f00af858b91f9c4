//! A scenario made ready to be obeyed: who a client is, which rule a number has, and what the two come to.

use std::sync::Arc;

use whimbrel_core::Secret;

use super::{AnswerRules, IdRules, Mode, NumberRule, ReceiptRules, Scenario, ScenarioError, SessionRules, WireRules};
use crate::outcome::{Outcome, international};

/// How the simulator names itself, unless a scenario says otherwise.
const SYSTEM_ID: &str = "Whimbrel";
/// How many messages may wait for their answer before reading stops, unless a scenario says otherwise.
pub const REQUESTS_OPEN_MAX: usize = 100;

/// A scenario that can be obeyed.
pub struct Rules {
    scenario: Arc<Scenario>,
    clients: Vec<Admitted>,
    numbers: Vec<Vec<u8>>,
}

/// What a client may.
pub struct Admitted {
    /// What it binds with, if not with the simulator's password.
    pub password: Option<Secret>,
    /// How it may bind.
    pub modes: Option<Vec<Mode>>,
    /// How many sessions one name may have.
    pub sessions_max: Option<u32>,
    /// How many of its messages may wait for their answer.
    pub window: usize,
    /// Its parts a second and at once.
    pub rate: Option<(f64, f64)>,
}

/// Whether a name may bind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The scenario names no clients.
    Anybody,
    /// It is this one.
    Client(usize),
    /// The scenario names others.
    Stranger,
}

impl Standing {
    /// The client, if the scenario names it.
    pub const fn client(self) -> Option<usize> {
        match self {
            Self::Client(index) => Some(index),
            Self::Anybody | Self::Stranger => None,
        }
    }
}

/// What holds for messages of one client to numbers of one rule.
#[derive(Debug, Default, PartialEq)]
pub struct MessageRules {
    /// How ids look.
    pub ids: IdRules,
    /// How receipts come.
    pub receipts: ReceiptRules,
    /// How answers come.
    pub answers: AnswerRules,
    /// The outcome that the rule names.
    pub outcome: Option<Outcome>,
}

impl Rules {
    /// Checks a scenario and makes it ready.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let clients = scenario.clients.iter().map(|client| Admitted {
            password: client.password.as_ref().map(|password| Secret::new(password.0.as_str())),
            modes: client.modes.clone(),
            sessions_max: client.sessions_max,
            window: client.window.unwrap_or(REQUESTS_OPEN_MAX),
            rate: client.rate.map(|rate| (rate, client.burst.map_or((rate / 10.0).max(1.0), f64::from))),
        });
        let digits = |rule: &NumberRule| rule.exact.as_ref().or(rule.prefix.as_ref()).or(rule.suffix.as_ref()).cloned();
        let numbers = scenario.numbers.iter().map(|rule| {
            let digits = digits(rule).unwrap_or_default();
            if rule.suffix.is_some() { digits.into_bytes() } else { international(digits.as_bytes()).to_vec() }
        });
        Ok(Self { clients: clients.collect(), numbers: numbers.collect(), scenario: Arc::new(scenario) })
    }

    /// What it was made of.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// How the simulator names itself.
    pub fn system_id(&self) -> &str {
        self.scenario.system_id.as_deref().unwrap_or(SYSTEM_ID)
    }

    /// Who this is.
    pub fn standing(&self, system_id: &[u8]) -> Standing {
        if self.clients.is_empty() {
            return Standing::Anybody;
        }
        let known = self.scenario.clients.iter().position(|client| fits(client.system_id.as_bytes(), system_id));
        known.map_or(Standing::Stranger, Standing::Client)
    }

    /// What a client may.
    pub fn admitted(&self, standing: Standing) -> Option<&Admitted> {
        self.clients.get(standing.client()?)
    }

    /// The rule of a number: the first that fits.
    pub fn number(&self, destination: &[u8]) -> Option<usize> {
        let number = international(destination);
        self.scenario.numbers.iter().zip(&self.numbers).position(|(rule, digits)| match rule {
            NumberRule { exact: Some(_), .. } => number == digits,
            NumberRule { prefix: Some(_), .. } => number.starts_with(digits),
            _ => number.ends_with(digits),
        })
    }

    /// How many rules for numbers there are.
    pub fn number_count(&self) -> usize {
        self.numbers.len()
    }

    /// What holds for the messages of a client to numbers of a rule.
    pub fn message_rules(&self, client: Option<usize>, number: Option<usize>) -> MessageRules {
        let mut rules = MessageRules::default();
        let Scenario { ids, receipts, answers, .. } = &*self.scenario;
        ids.apply(&mut rules.ids);
        receipts.apply(&mut rules.receipts);
        answers.apply(&mut rules.answers);
        if let Some(client) = client.and_then(|index| self.scenario.clients.get(index)) {
            client.ids.apply(&mut rules.ids);
            client.receipts.apply(&mut rules.receipts);
            client.answers.apply(&mut rules.answers);
        }
        if let Some(number) = number.and_then(|index| self.scenario.numbers.get(index)) {
            number.ids.apply(&mut rules.ids);
            number.receipts.apply(&mut rules.receipts);
            number.answers.apply(&mut rules.answers);
            rules.outcome = number.outcome;
        }
        rules
    }

    /// What holds for the sessions of a client.
    pub fn session_rules(&self, client: Option<usize>) -> (SessionRules, WireRules) {
        let (mut session, mut wire) = (SessionRules::default(), WireRules::default());
        self.scenario.session.apply(&mut session);
        self.scenario.wire.apply(&mut wire);
        if let Some(client) = client.and_then(|index| self.scenario.clients.get(index)) {
            client.session.apply(&mut session);
            client.wire.apply(&mut wire);
        }
        (session, wire)
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let mut pieces = pattern.split(|octet| *octet == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        if piece.is_empty() {
            continue;
        }
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, wanted) in [
            ("acme", "acme", true),
            ("acme", "acme2", false),
            ("acme*", "acme2", true),
            ("acme*", "acme", true),
            ("*", "", true),
            ("*acme", "not acme", true),
            ("a*e", "ae", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("ab*ba", "aba", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn the_narrower_wins_key_by_key() {
        let scenario = Scenario::parse(
            r#"
            [receipts]
            delay_ms = 5
            copies = 2
            dates = 12
            [[client]]
            system_id = "acme*"
            receipts = { copies = 3, dates = 14 }
            [[number]]
            suffix = "07"
            outcome = "expired"
            receipts = { dates = 16 }
            [[number]]
            prefix = "+4477"
            "#,
        );
        let rules = Rules::new(scenario.expect("a scenario")).expect("one that can be obeyed");
        let keys = |client: &str, number: &str| {
            let rules =
                rules.message_rules(rules.standing(client.as_bytes()).client(), rules.number(number.as_bytes()));
            (rules.receipts.delay_ms, rules.receipts.copies, rules.receipts.dates, rules.outcome)
        };
        assert_eq!(keys("other", "1"), (Some(5), 2, 12, None));
        assert_eq!(keys("acme1", "1"), (Some(5), 3, 14, None));
        assert_eq!(keys("acme1", "1007"), (Some(5), 3, 16, Some(Outcome::Expired)));
        assert_eq!(rules.number(b"00447700900000"), Some(1));
        assert_eq!(rules.standing(b"other"), Standing::Stranger);
    }

    #[test]
    fn an_empty_scenario_changes_nothing() {
        let rules = Rules::new(Scenario::default()).expect("one that can be obeyed");
        assert_eq!(rules.message_rules(None, None), MessageRules::default());
        assert_eq!(rules.session_rules(None), Default::default());
        assert_eq!(rules.standing(b"any"), Standing::Anybody);
    }
}
