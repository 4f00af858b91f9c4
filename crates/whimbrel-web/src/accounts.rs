//! Accounts: the list, one account with its keys and money, and secrets that are shown once.

use askama::Template;

use crate::chart::Chart;
use crate::frame::Frame;
use crate::links::{Links, encoded};
use crate::shown::{Instant, State};

/// The list of accounts, and a form for one more.
#[derive(Debug, Template)]
#[template(path = "accounts/list.html")]
pub struct AccountsPage {
    /// What stands around it.
    pub frame: Frame,
    /// In the order of dialect and key.
    pub rows: Vec<AccountRow>,
    /// Where the list goes on.
    pub more: Option<Box<str>>,
    /// Dialects that accounts may have: id and title.
    pub dialects: Vec<(&'static str, &'static str)>,
}

/// A line of the list.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Dialect and key.
    pub account: Box<str>,
    /// Its name, for people.
    pub name: Box<str>,
    /// Of its wallet.
    pub currency: Box<str>,
    /// Whether it may send.
    pub state: State,
}

impl AccountRow {
    fn href(&self, links: &Links) -> String {
        links.page(&format!("accounts/{}", encoded(&self.account)))
    }
}

/// One account.
#[derive(Debug, Template)]
#[template(path = "accounts/one.html")]
pub struct AccountPage {
    /// What stands around it.
    pub frame: Frame,
    /// What its viewer may do here.
    pub may: May,
    /// Dialect and key, as paths have it.
    pub account: Box<str>,
    /// Its key.
    pub key: Box<str>,
    /// Its name, for people.
    pub name: Box<str>,
    /// Whose words it speaks.
    pub dialect: Box<str>,
    /// Of its wallet.
    pub currency: Box<str>,
    /// Whether it may send.
    pub state: State,
    /// Whether it is suspended.
    pub activity: Activity,
    /// Its money.
    pub wallet: Wallet,
    /// Its ledger, newest first.
    pub ledger: Vec<LedgerRow>,
    /// Where the ledger goes on.
    pub ledger_next: Option<Box<str>>,
    /// Its secrets.
    pub secrets: Vec<SecretRow>,
    /// Whether a secret is a key by itself, live or for trying out.
    pub secrets_are_keys: SecretForm,
    /// How it signs.
    pub signing: Vec<(&'static str, Box<str>)>,
    /// What its key may be used for.
    pub policy: Policy,
    /// Where it is at home.
    pub home: AtHome,
    /// Where receipts go; empty: nowhere.
    pub receipt_url: Box<str>,
    /// Where texts that come in go.
    pub inbound_url: Box<str>,
    /// What it did.
    pub usage: Chart,
    /// What it spent in that time.
    pub spent: Box<str>,
}

/// What a viewer may do with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Everything.
    All,
    /// What owners may: keys, URLs.
    Own,
    /// Look.
    Look,
}

/// Whether an account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It may.
    Active,
    /// It may not.
    Suspended,
}

/// In which form an account has secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretForm {
    /// Beside its key.
    BesideKey,
    /// A secret is a key by itself.
    Keys,
}

/// An account's money.
#[derive(Debug, Clone, Default)]
pub struct Wallet {
    /// What can be spent.
    pub available: Box<str>,
    /// Set aside for parts that are under way.
    pub held: Box<str>,
    /// Of what can be spent, what was paid in.
    pub balance: Box<str>,
    /// Of what can be spent, bonus credit.
    pub bonus_credit: Box<str>,
    /// Of what can be spent, free credit.
    pub free_credit: Box<str>,
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    /// When.
    pub at: Instant,
    /// Why: a part, a payment, a number.
    pub why: Box<str>,
    /// Which.
    pub subject: Box<str>,
    /// The message's page, if it is a part.
    pub message: Option<Box<str>>,
    /// What came in; with a minus what went out.
    pub amount: Box<str>,
    /// The bucket.
    pub bucket: Box<str>,
}

/// A secret, without what it is.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// Its name.
    pub id: Box<str>,
    /// Generated or chosen.
    pub kind: Box<str>,
    /// Live or test, where secrets are keys.
    pub mode: Box<str>,
    /// Since when.
    pub created_at: Instant,
}

/// What a key may be used for, as a form has it.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Ways to prove who calls, with commas.
    pub methods: Box<str>,
    /// Whether requests must be signed.
    pub signature: Box<str>,
    /// Networks, with commas.
    pub networks: Box<str>,
    /// Kinds of requests, with commas.
    pub scopes: Box<str>,
    /// What may be spent in a day; empty: what is there.
    pub spend_per_day_max: Box<str>,
}

/// Where an account is at home, as a form has it; what is empty is as its API has it.
#[derive(Debug, Clone, Default)]
pub struct AtHome {
    /// The zone of its local times.
    pub zone: Box<str>,
    /// The country of its national numbers.
    pub country: Box<str>,
    /// The sender of texts that name none.
    pub sender: Box<str>,
}

impl AtHome {
    fn zone_or(&self) -> &str {
        said(&self.zone)
    }

    fn country_or(&self) -> &str {
        said(&self.country)
    }

    fn sender_or(&self) -> &str {
        said(&self.sender)
    }
}

/// What is said, or what counts if nothing is.
fn said(value: &str) -> &str {
    if value.is_empty() { "the API's" } else { value }
}

impl AccountPage {
    fn path(&self, below: &str) -> String {
        self.frame.links.page(&format!("accounts/{}{below}", encoded(&self.account)))
    }

    fn older_ledger(&self, next: &str) -> String {
        format!("{}?ledger={}", self.path(""), encoded(next))
    }

    fn may_act(&self) -> bool {
        self.may == May::All
    }

    fn may_own(&self) -> bool {
        self.may != May::Look
    }

    fn is_suspended(&self) -> bool {
        self.activity == Activity::Suspended
    }

    fn has_key_secrets(&self) -> bool {
        self.secrets_are_keys == SecretForm::Keys
    }

    fn signature_options(&self) -> Vec<(&'static str, bool)> {
        ["optional", "where-possible", "required"].map(|word| (word, word == &*self.policy.signature)).to_vec()
    }
}

/// What was made and is shown this once.
#[derive(Debug, Template)]
#[template(path = "accounts/made.html")]
pub struct MadePage {
    /// What stands around it.
    pub frame: Frame,
    /// What there is to know: names and values, to be copied.
    pub facts: Vec<(Box<str>, Box<str>)>,
    /// Lines that belong together, such as recovery codes.
    pub lines: Vec<Box<str>>,
    /// Where to go from here, and its word.
    pub onward: (Box<str>, Box<str>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Mode, Role, Viewer};

    const HOSTILE: &str = "\"><script>alert(1)</script>'";

    fn frame() -> Frame {
        let mut frame = Frame::new("x", Links::from_path("/_whimbrel/ui/accounts/a"));
        frame.viewer =
            Some(Viewer { name: "ann".into(), role: Role::Operator, csrf: "token".into(), mode: Mode::Production });
        frame
    }

    fn account(may: May) -> AccountPage {
        let at = Instant { exact: "2026-11-28T00:00:00Z".into(), short: "00:00:00".into() };
        AccountPage {
            frame: frame(),
            may,
            account: HOSTILE.into(),
            key: HOSTILE.into(),
            name: HOSTILE.into(),
            dialect: "x".into(),
            currency: "EUR".into(),
            state: State::of_message("delivered"),
            activity: Activity::Active,
            wallet: Wallet::default(),
            ledger: vec![LedgerRow {
                at: at.clone(),
                why: "payment".into(),
                subject: HOSTILE.into(),
                message: None,
                amount: "1".into(),
                bucket: "balance".into(),
            }],
            ledger_next: Some(HOSTILE.into()),
            secrets: vec![SecretRow { id: HOSTILE.into(), kind: "chosen".into(), mode: "".into(), created_at: at }],
            secrets_are_keys: SecretForm::Keys,
            signing: vec![("method", HOSTILE.into())],
            policy: Policy { networks: HOSTILE.into(), ..Policy::default() },
            home: AtHome { zone: HOSTILE.into(), country: HOSTILE.into(), sender: HOSTILE.into() },
            receipt_url: HOSTILE.into(),
            inbound_url: HOSTILE.into(),
            usage: Chart { title: "x".into(), step: "day".into(), bars: vec![] },
            spent: "0".into(),
        }
    }

    #[test]
    fn hostile_names_are_text_and_every_form_has_its_token() {
        for may in [May::All, May::Own, May::Look] {
            let html = account(may).render().expect("a page");
            assert!(!html.contains("<script>alert") && !html.contains("\"><script"), "{html}");
            assert_eq!(html.matches("method=\"post\"").count(), html.matches("name=\"csrf\" value=\"token\"").count());
            assert_eq!(html.matches("<h1").count(), 1);
            assert!(!html.contains("style="), "the policy of pages forbids it");
            let forms = html.matches("method=\"post\"").count();
            // The colours and signing out are there for everybody.
            assert_eq!(forms == 2, may == May::Look, "{may:?} {forms}");
            assert_eq!(html.contains("/topup\""), may == May::All);
            assert_eq!(html.contains("name=\"zone\""), may == May::All);
        }
    }

    #[test]
    fn what_is_shown_once_is_text() {
        let page = MadePage {
            frame: frame(),
            facts: vec![("secret".into(), HOSTILE.into())],
            lines: vec![HOSTILE.into()],
            onward: ("../accounts".into(), "Accounts".into()),
        };
        let html = page.render().expect("a page");
        assert!(!html.contains("<script>alert") && html.contains("this once"), "{html}");
    }
}
