//! The page where somebody signs in.

use askama::Template;

use crate::frame::Frame;

/// The page where somebody signs in.
#[derive(Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// What stands around it.
    pub frame: Frame,
    /// Whether there is a form, or why there is none.
    pub offer: Offer,
    /// Where to go afterwards, below our own paths; empty: to the inbox.
    pub next: Box<str>,
    /// The name or key that was typed before; the rest is to be typed again.
    pub typed: Box<str>,
    /// Which of the two forms was used before.
    pub used: LoginKind,
    /// Dialects whose accounts there may be: id and title.
    pub dialects: Vec<(&'static str, &'static str)>,
}

/// Whether somebody may sign in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// They may.
    Form,
    /// Not over plain HTTP from elsewhere: the password could be read on the way.
    NeedsEncryption,
}

/// Who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginKind {
    /// An operator or viewer, by name and password.
    Operator,
    /// The owner of an account, by key and secret.
    Owner,
}

impl LoginKind {
    /// The word in the form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }
}

impl LoginPage {
    fn is_owners(&self) -> bool {
        self.used == LoginKind::Owner
    }

    fn has_form(&self) -> bool {
        self.offer == Offer::Form
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Links;

    #[test]
    fn what_was_typed_is_shown_as_text() {
        let page = LoginPage {
            frame: Frame::new("Sign in", Links::from_path("/_whimbrel/ui/login")),
            offer: Offer::Form,
            next: "ui?q=\"><script>".into(),
            typed: "\"><img src=x>".into(),
            used: LoginKind::Operator,
            dialects: vec![],
        };
        let html = page.render().expect("a page");
        assert!(
            !html.contains("<script>\"") && !html.contains("<img src=x") && !html.contains("\"><script>"),
            "{html}"
        );
        assert_eq!(html.matches("autocomplete=\"current-password\"").count(), 2);
        let without = LoginPage { offer: Offer::NeedsEncryption, ..page }.render().expect("a page");
        assert!(!without.contains("type=\"password\""), "{without}");
    }
}
