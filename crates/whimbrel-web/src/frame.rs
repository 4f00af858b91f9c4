//! What stands around every page: the way through the product, who looks at it, and what was just done.

use std::fmt;

use crate::links::Links;

/// What stands around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The page's one heading.
    pub title: Box<str>,
    /// Which entry of the navigation it belongs to.
    pub section: Option<Section>,
    /// Who looks at it; `None` before somebody has signed in.
    pub viewer: Option<Viewer>,
    /// Where its links lead.
    pub links: Links,
    /// Light or dark.
    pub theme: Theme,
    /// What was just done, or went wrong.
    pub flash: Option<Flash>,
}

/// Who looks at a page.
#[derive(Clone)]
pub struct Viewer {
    /// Who it is, for people.
    pub name: Box<str>,
    /// What they may see.
    pub role: Role,
    /// What proves that a form is one of ours; empty where requests prove that by where they come from.
    pub csrf: Box<str>,
    /// Whether the server is one for development.
    pub mode: Mode,
}

/// What somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Operator,
    /// Everything but texts and secrets.
    Viewer,
    /// What belongs to their account.
    Owner,
}

/// What the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `--dev`: whoever is at this machine is an operator.
    Development,
    /// Everybody signs in.
    Production,
}

/// How somebody wants to see pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the device does.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A line above a page.
#[derive(Debug, Clone)]
pub struct Flash {
    /// Good or bad.
    pub kind: FlashKind,
    /// What it says.
    pub text: Box<str>,
}

/// Whether it is good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashKind {
    /// It was done.
    Done,
    /// It was not, and the text says why.
    Failed,
}

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Messages.
    Inbox,
    /// Phones of the simulator.
    Phones,
    /// Where webhooks go, and how that went.
    Webhooks,
    /// Accounts.
    Accounts,
    /// Carriers.
    Carriers,
    /// Counts and charts.
    Stats,
    /// The configuration.
    Settings,
    /// What may be called.
    Api,
}

/// An entry of the navigation as it is shown.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its word.
    pub title: &'static str,
    /// Where it leads.
    pub href: String,
    /// The letter that leads there after `g`.
    pub key: char,
    /// `page` if this is where the page belongs, for `aria-current`.
    pub current: Option<&'static str>,
}

impl Section {
    /// In the order in which they stand.
    pub const ALL: [Self; 8] = [
        Self::Inbox,
        Self::Phones,
        Self::Webhooks,
        Self::Accounts,
        Self::Carriers,
        Self::Stats,
        Self::Settings,
        Self::Api,
    ];

    /// Its word, its path below `ui/`, and its letter.
    #[must_use]
    pub const fn place(self) -> (&'static str, &'static str, char) {
        match self {
            Self::Inbox => ("Inbox", "", 'i'),
            Self::Phones => ("Phones", "phones", 'p'),
            Self::Webhooks => ("Webhooks", "webhooks", 'w'),
            Self::Accounts => ("Accounts", "accounts", 'a'),
            Self::Carriers => ("Carriers", "carriers", 'c'),
            Self::Stats => ("Stats", "stats", 's'),
            Self::Settings => ("Settings", "settings", 'e'),
            Self::Api => ("API", "api", 'd'),
        }
    }

    /// Whether owners of accounts have it, and not only operators.
    #[must_use]
    pub const fn is_for_owners(self) -> bool {
        matches!(self, Self::Inbox | Self::Webhooks | Self::Accounts | Self::Api)
    }
}

impl Frame {
    /// The frame of a page for a viewer.
    #[must_use]
    pub fn new(title: &str, links: Links) -> Self {
        Self { title: title.into(), section: None, viewer: None, links, theme: Theme::Auto, flash: None }
    }

    /// The entries that the viewer has.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let Some(viewer) = &self.viewer else { return Vec::new() };
        let shown = |section: &Section| viewer.role != Role::Owner || section.is_for_owners();
        let entry = |section: Section| {
            let (title, path, key) = section.place();
            let current = (self.section == Some(section)).then_some("page");
            Entry { title, href: self.links.page(path), key, current }
        };
        Section::ALL.into_iter().filter(shown).map(entry).collect()
    }

    /// What proves that a form is one of ours; empty if nothing is needed.
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.csrf)
    }

    /// Whether somebody is signed in who can sign out.
    #[must_use]
    pub fn can_sign_out(&self) -> bool {
        !self.csrf().is_empty()
    }

    /// Whether the viewer may change what is everybody's.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role == Role::Operator)
    }

    /// Whether the viewer may let others look at a message: whoever may read it.
    #[must_use]
    pub fn may_share(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role != Role::Viewer)
    }

    /// Whether the server is one for development.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.mode == Mode::Development)
    }
}

impl Theme {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Its word, which is kept in the cookie.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What it is called on the page.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Auto => "Colours as the device has them",
            Self::Light => "Light colours",
            Self::Dark => "Dark colours",
        }
    }

    /// What stands on its button.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Auto => "◐",
            Self::Light => "☀",
            Self::Dark => "☾",
        }
    }

    /// The theme of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word)
    }
}

impl Flash {
    /// It was done.
    #[must_use]
    pub fn done(text: &str) -> Self {
        Self { kind: FlashKind::Done, text: text.into() }
    }

    /// It was not, and this is why.
    #[must_use]
    pub fn failed(text: &str) -> Self {
        Self { kind: FlashKind::Failed, text: text.into() }
    }

    /// Whether it says that something went wrong.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.kind == FlashKind::Failed
    }
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("role", &self.role).field("mode", &self.mode).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(role: Role) -> Vec<&'static str> {
        let mut frame = Frame::new("Inbox", Links::from_path("/_whimbrel/ui"));
        frame.section = Some(Section::Inbox);
        frame.viewer = Some(Viewer { name: "x".into(), role, csrf: "".into(), mode: Mode::Production });
        frame.entries().iter().map(|entry| entry.title).collect()
    }

    #[test]
    fn owners_have_fewer_entries_and_strangers_none() {
        assert_eq!(titles(Role::Operator).len(), Section::ALL.len());
        assert_eq!(titles(Role::Viewer).len(), Section::ALL.len());
        assert_eq!(titles(Role::Owner), ["Inbox", "Webhooks", "Accounts", "API"]);
        assert!(Frame::new("Sign in", Links::from_path("/_whimbrel/ui/login")).entries().is_empty());
    }

    #[test]
    fn no_two_entries_have_one_letter() {
        let mut keys: Vec<char> = Section::ALL.iter().map(|section| section.place().2).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Section::ALL.len());
    }
}
