//! Faults on order, as pages show them: switches of the simulated carrier and of webhooks' answers, and a word about them where they are
//! felt.

/// What can be made to go wrong, and how much of it does.
#[derive(Debug, Clone)]
pub struct Faults {
    /// The carrier's, then the webhooks'.
    pub groups: Vec<Group>,
}

/// Switches of one thing.
#[derive(Debug, Clone)]
pub struct Group {
    /// Whose they are.
    pub whose: Whose,
    /// In the order of the form.
    pub switches: Vec<Switch>,
}

/// Whose faults they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The simulated carrier's.
    Carrier,
    /// Those of the answers that webhooks get.
    Webhooks,
}

/// Which switches there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the carrier alone: webhooks have faults in development only.
    Carrier,
    /// All.
    All,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Switch {
    /// Its name in the API.
    pub name: &'static str,
    /// What it does, in words.
    pub title: &'static str,
    /// What could be written there.
    pub example: &'static str,
    /// What is; empty: it is off.
    pub value: Box<str>,
}

/// Name, words and example of each.
type Known = (&'static str, &'static str, &'static str);

const CARRIER: &[Known] = &[
    ("throttle", "Texts it throttles", "10%"),
    ("drop_receipts", "Receipts it never sends", "5%"),
    ("disconnect_every", "It drops each link after", "30s"),
];
const WEBHOOKS: &[Known] = &[
    ("webhook_lost", "Answers that are lost", "20%"),
    ("webhook_failed", "Answers that count as a 500", "10%"),
    ("webhook_delayed", "Answers that come late", "10%"),
    ("webhook_delay", "So late", "5s"),
    ("seed", "Seed: the same one tells the same story", "0"),
];

impl Faults {
    /// The switches within `reach`, each with its `value` by name.
    pub fn new(reach: Reach, value: impl Fn(&str) -> Box<str>) -> Self {
        let group = |whose, known: &[Known]| Group {
            whose,
            switches: known
                .iter()
                .map(|&(name, title, example)| Switch { name, title, example, value: value(name) })
                .collect(),
        };
        let webhooks = (reach == Reach::All).then(|| group(Whose::Webhooks, WEBHOOKS));
        Self { groups: std::iter::once(group(Whose::Carrier, CARRIER)).chain(webhooks).collect() }
    }

    /// The names of all of them, as the API has them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.groups.iter().flat_map(|group| &group.switches).map(|switch| switch.name)
    }

    /// What of `whose` is switched on, in words; `None`: nothing.
    #[must_use]
    pub fn said(&self, whose: &Whose) -> Option<String> {
        let switches = self.groups.iter().filter(|group| group.whose == *whose).flat_map(|group| &group.switches);
        let on = switches.filter(|switch| !switch.value.is_empty() && switch.name != "seed");
        let said: Vec<String> = on.map(|switch| format!("{}: {}", lower(switch.title), switch.value)).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// Whether anything is.
    #[must_use]
    pub fn is_on(&self) -> bool {
        [Whose::Carrier, Whose::Webhooks].iter().any(|whose| self.said(whose).is_some())
    }
}

impl Group {
    /// Its heading.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.whose {
            Whose::Carrier => "The simulated carrier",
            Whose::Webhooks => "Answers to webhooks",
        }
    }

    /// What its switches do and leave alone.
    #[must_use]
    pub const fn told(&self) -> &'static str {
        match self.whose {
            Whose::Carrier => "Over whatever the numbers and phones say.",
            Whose::Webhooks => {
                "Your receiver gets each webhook, whatever becomes of its answer, and is told again as if it had failed."
            }
        }
    }
}

fn lower(title: &str) -> String {
    let mut characters = title.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_is_said_where_it_is_felt() {
        let faults = Faults::new(Reach::All, |name| match name {
            "webhook_lost" => "20%".into(),
            "seed" => "7".into(),
            _ => "".into(),
        });
        assert_eq!(faults.said(&Whose::Webhooks).as_deref(), Some("answers that are lost: 20%"));
        assert_eq!(faults.said(&Whose::Carrier), None);
        assert!(faults.is_on());
        let seeded = Faults::new(Reach::All, |name| if name == "seed" { "7".into() } else { "".into() });
        assert!(!seeded.is_on(), "a seed alone is no fault");
        let carrier = Faults::new(Reach::Carrier, |_| "".into());
        assert!(!carrier.names().any(|name| name.starts_with("webhook")));
    }
}
