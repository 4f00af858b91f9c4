//! Pages of those who look after the gateway: carriers, figures, settings, and who did what.

use askama::Template;

use crate::chart::Chart;
use crate::faults::{Faults, Whose};
use crate::frame::Frame;
use crate::links::encoded;
use crate::shown::{Instant, State};

/// The carriers and the receipts that belong to no message.
#[derive(Debug, Template)]
#[template(path = "operations/carriers.html")]
pub struct CarriersPage {
    /// What stands around it.
    pub frame: Frame,
    /// In the order of the configuration.
    pub carriers: Vec<CarrierCard>,
    /// Receipts that found no part, newest first.
    pub orphans: Vec<OrphanRow>,
    /// Faults on order, where there can be any.
    pub faults: Option<Faults>,
}

/// A carrier.
#[derive(Debug, Clone)]
pub struct CarrierCard {
    /// Its name.
    pub name: Box<str>,
    /// What it is told to do, and whether it does.
    pub state: State,
    /// Parts that wait for it.
    pub queued: Box<str>,
    /// Unanswered submissions.
    pub window_used: u64,
    /// Of at most so many.
    pub window_max: u64,
    /// Submissions a second that it may be given now.
    pub rate: Box<str>,
    /// It asked for a pause until then.
    pub paused_until: Option<Instant>,
    /// Its connections.
    pub links: Vec<LinkRow>,
    /// What it did in the last 24 hours.
    pub day: Figures,
}

/// A connection of a carrier.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// As which it binds.
    pub mode: Box<str>,
    /// How it is.
    pub state: State,
    /// Since when.
    pub since: Instant,
    /// Who is at the other end.
    pub peer: Box<str>,
    /// What went wrong last.
    pub fault: Box<str>,
}

/// Counts of parts.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Parts that were accepted.
    pub parts: u64,
    /// Delivered.
    pub delivered: u64,
    /// Failed.
    pub failed: u64,
}

impl Figures {
    /// Of those that ended, how many in a hundred were delivered.
    #[must_use]
    pub fn delivered_of_hundred(&self) -> String {
        match self.delivered + self.failed {
            0 => "–".to_owned(),
            ended => format!("{} %", (self.delivered * 1_000 / ended + 5) / 10),
        }
    }
}

/// A receipt that found no part.
#[derive(Debug, Clone)]
pub struct OrphanRow {
    /// When it came.
    pub at: Instant,
    /// From whom.
    pub carrier: Box<str>,
    /// The id in it.
    pub raw_id: Box<str>,
    /// What it says.
    pub state: State,
    /// The carrier's code.
    pub code: Box<str>,
    /// To whom, without the middle.
    pub recipient: Box<str>,
    /// Why it found none.
    pub reason: Box<str>,
}

impl CarrierCard {
    fn act(&self, frame: &Frame, act: &str) -> String {
        frame.links.page(&format!("carriers/{}/{act}", encoded(&self.name)))
    }
}

/// Figures.
#[derive(Debug, Template)]
#[template(path = "operations/stats.html")]
pub struct StatsPage {
    /// What stands around it.
    pub frame: Frame,
    /// Spans that can be chosen: hours, words, and whether it is this one.
    pub spans: Vec<(u32, &'static str, Chosen)>,
    /// Counts of now: word and figure.
    pub now: Vec<(&'static str, Box<str>)>,
    /// By hour or day.
    pub chart: Chart,
    /// Of that span.
    pub total: Figures,
    /// By carrier.
    pub carriers: Vec<(Box<str>, Figures)>,
    /// By account.
    pub accounts: Vec<AccountFigures>,
}

/// What an account did.
#[derive(Debug, Clone)]
pub struct AccountFigures {
    /// Dialect and key.
    pub account: Box<str>,
    /// Its name, for people.
    pub name: Box<str>,
    /// Counts.
    pub figures: Figures,
    /// What it cost, with the currency.
    pub spent: Box<str>,
}

/// Whether something is what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl StatsPage {
    fn span_href(&self, hours: &u32) -> String {
        self.frame.links.page(&format!("stats?hours={hours}"))
    }

    fn account_href(&self, account: &str) -> String {
        self.frame.links.page(&format!("accounts/{}", encoded(account)))
    }

    fn current(&self, chosen: &Chosen) -> &'static str {
        if *chosen == Chosen::Yes { "aria-current=page" } else { "" }
    }
}

/// Settings, health, and who looks after the gateway.
#[derive(Debug, Template)]
#[template(path = "operations/settings.html")]
pub struct SettingsPage {
    /// What stands around it.
    pub frame: Frame,
    /// The program's version.
    pub version: Box<str>,
    /// Whether what is accepted will be kept.
    pub ready: State,
    /// When the store was last looked at; `None`: not since the start.
    pub looked_at: Option<Box<str>>,
    /// What that found.
    pub verdicts: Vec<Verdict>,
    /// Settings in their sections.
    pub settings: Vec<Setting>,
    /// Who may sign in; `None`: the viewer is not told.
    pub operators: Option<Vec<OperatorRow>>,
    /// What was done last; `None`: the viewer is not told.
    pub audit: Option<Vec<AuditRow>>,
    /// What the viewer may do with their own way in.
    pub own: Option<OwnWay>,
    /// The test clock, where there is one.
    pub clock: Option<TestClock>,
    /// Faults on order, where there can be any.
    pub faults: Option<Faults>,
}

/// The clock of a development server.
#[derive(Debug, Clone)]
pub struct TestClock {
    /// What it shows.
    pub now: Instant,
    /// How far it is ahead of the machine's; `None`: not at all.
    pub ahead: Option<Box<str>>,
}

/// What an invariant's last look found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Its name.
    pub invariant: Box<str>,
    /// Rows that were looked at.
    pub rows: Box<str>,
    /// Whether all of them keep it.
    pub state: State,
    /// The first that does not.
    pub first: Box<str>,
}

/// A setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its path.
    pub path: Box<str>,
    /// Its value as the file has it; secrets hidden.
    pub value: Box<str>,
    /// Where the value comes from.
    pub origin: Box<str>,
    /// What it does.
    pub help: Box<str>,
    /// What it takes to change it: a sentence.
    pub change: Box<str>,
}

/// Somebody who may sign in.
#[derive(Debug, Clone)]
pub struct OperatorRow {
    /// Their name.
    pub name: Box<str>,
    /// What they may do.
    pub role: Box<str>,
    /// Whether codes of an app are asked for.
    pub totp: Box<str>,
    /// Since when.
    pub created_at: Instant,
}

impl OperatorRow {
    fn act(&self, frame: &Frame, act: &str) -> String {
        frame.links.page(&format!("settings/operators/{}/{act}", encoded(&self.name)))
    }
}

/// Something that was done.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// When.
    pub at: Instant,
    /// Who.
    pub person: Box<str>,
    /// From where.
    pub source: Box<str>,
    /// What.
    pub act: Box<str>,
    /// More of it.
    pub subject: Box<str>,
    /// What it was answered.
    pub state: State,
}

/// Somebody's own way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWay {
    /// A password.
    Password,
    /// A password and codes of an app.
    PasswordAndApp,
}

impl OwnWay {
    fn has_app(self) -> bool {
        self == Self::PasswordAndApp
    }
}

/// Who did what.
#[derive(Debug, Template)]
#[template(path = "operations/audit.html")]
pub struct AuditPage {
    /// What stands around it.
    pub frame: Frame,
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// Where it goes on.
    pub older: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Mode, Role, Viewer};
    use crate::links::Links;

    const HOSTILE: &str = "\"><script>alert(1)</script>'";

    fn frame(role: Role) -> Frame {
        let mut frame = Frame::new("x", Links::from_path("/_whimbrel/ui/carriers"));
        frame.viewer = Some(Viewer { name: "ann".into(), role, csrf: "token".into(), mode: Mode::Production });
        frame
    }

    fn at() -> Instant {
        Instant { exact: HOSTILE.into(), short: HOSTILE.into() }
    }

    fn state() -> State {
        State { word: HOSTILE.into(), icon: "!", tone: "bad" }
    }

    fn audit() -> AuditRow {
        let [person, source, act, subject] = [HOSTILE; 4].map(Box::from);
        AuditRow { at: at(), person, source, act, subject, state: state() }
    }

    fn faults() -> Faults {
        Faults::new(crate::faults::Reach::All, |_| HOSTILE.into())
    }

    fn all(role: Role) -> Vec<String> {
        let carrier = CarrierCard {
            name: HOSTILE.into(),
            state: state(),
            queued: "1".into(),
            window_used: 1,
            window_max: 2,
            rate: HOSTILE.into(),
            paused_until: Some(at()),
            links: vec![LinkRow {
                mode: HOSTILE.into(),
                state: state(),
                since: at(),
                peer: HOSTILE.into(),
                fault: HOSTILE.into(),
            }],
            day: Figures::default(),
        };
        let [raw_id, code, recipient, reason] = [HOSTILE; 4].map(Box::from);
        let orphan = OrphanRow { at: at(), carrier: HOSTILE.into(), raw_id, state: state(), code, recipient, reason };
        let chart = Chart { title: HOSTILE.into(), step: "hour".into(), bars: vec![] };
        let [path, value, origin, help, change] = [HOSTILE; 5].map(Box::from);
        let operator = OperatorRow { name: HOSTILE.into(), role: "viewer".into(), totp: "on".into(), created_at: at() };
        let figures = Figures { parts: 3, delivered: 2, failed: 1 };
        vec![
            CarriersPage { frame: frame(role), carriers: vec![carrier], orphans: vec![orphan], faults: Some(faults()) }
                .render(),
            StatsPage {
                frame: frame(role),
                spans: vec![(24, "24 hours", Chosen::Yes)],
                now: vec![("Queued", "1".into())],
                chart,
                total: figures.clone(),
                carriers: vec![(HOSTILE.into(), figures.clone())],
                accounts: vec![AccountFigures {
                    account: HOSTILE.into(),
                    name: HOSTILE.into(),
                    figures,
                    spent: "1".into(),
                }],
            }
            .render(),
            SettingsPage {
                frame: frame(role),
                version: "1".into(),
                ready: state(),
                looked_at: Some(HOSTILE.into()),
                verdicts: vec![Verdict {
                    invariant: HOSTILE.into(),
                    rows: "1".into(),
                    state: state(),
                    first: HOSTILE.into(),
                }],
                settings: vec![Setting { path, value, origin, help, change }],
                operators: (role == Role::Operator).then(|| vec![operator]),
                audit: (role == Role::Operator).then(|| vec![audit()]),
                own: Some(OwnWay::Password),
                clock: Some(TestClock { now: at(), ahead: Some(HOSTILE.into()) }),
                faults: Some(faults()),
            }
            .render(),
            AuditPage { frame: frame(role), rows: vec![audit()], older: Some(HOSTILE.into()) }.render(),
        ]
        .into_iter()
        .map(|html| html.expect("a page"))
        .collect()
    }

    #[test]
    fn hostile_words_are_text_and_every_form_has_its_token() {
        for role in [Role::Operator, Role::Viewer] {
            for html in all(role) {
                assert!(!html.contains("<script>alert") && !html.contains("\"><script"), "{html}");
                assert_eq!(
                    html.matches("method=\"post\"").count(),
                    html.matches("name=\"csrf\" value=\"token\"").count()
                );
                assert_eq!(html.matches("<h1").count(), 1);
                assert!(!html.contains("style="));
                assert_eq!(html.matches("<th ").count(), html.matches("scope=").count(), "every heading has a scope");
            }
        }
        assert!(!all(Role::Viewer)[0].contains("/unbind"), "a viewer has no orders to give");
    }

    #[test]
    fn of_hundred_is_rounded_and_of_none_is_none() {
        let of = |delivered, failed| Figures { parts: 0, delivered, failed }.delivered_of_hundred();
        assert_eq!([of(0, 0), of(2, 1), of(999, 1), of(0, 4)].map(String::from), ["–", "67 %", "100 %", "0 %"]);
    }
}
