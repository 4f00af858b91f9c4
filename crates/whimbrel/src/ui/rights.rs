//! Who may see and do what. A page that has no line here is not reached.

use crate::people::Right;

/// Who a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Everybody who is known. What is an account's own, owners see of their own account only: the page sees to it.
    SomebodyKnown,
    /// Operators and viewers; a viewer is shown no text and no secret: the page sees to it.
    ToLook,
    /// Operators.
    ToAct,
    /// Operators, and owners for their own account.
    ToActOnAccount,
}

use Needs::{SomebodyKnown, ToAct, ToActOnAccount, ToLook};

/// Every page and act below `ui`; `*` is anything.
const PAGES: &[(&str, &[&str], Needs)] = &[
    ("GET", &[], SomebodyKnown),
    ("GET", &["live"], SomebodyKnown),
    ("POST", &["clear"], ToAct),
    ("GET", &["m", "*"], SomebodyKnown),
    // Phones show texts as a handset does, codes and all.
    ("GET", &["phones"], ToAct),
    ("GET", &["phones", "*"], ToAct),
    ("POST", &["phones", "*", "reply"], ToAct),
    ("POST", &["phones", "*", "setting"], ToAct),
    ("POST", &["phones", "lease"], ToAct),
    ("POST", &["phones", "*", "release"], ToAct),
    ("GET", &["api"], SomebodyKnown),
    ("POST", &["sample"], ToAct),
    ("POST", &["logout"], SomebodyKnown),
    // Viewers are refused by the API that fills them: what webhooks say is no figure.
    ("GET", &["webhooks"], ToActOnAccount),
    ("GET", &["webhooks", "attempts", "*"], ToActOnAccount),
    ("POST", &["webhooks", "attempts", "*", "resend"], ToAct),
    ("POST", &["webhooks", "test"], ToAct),
    ("GET", &["accounts"], SomebodyKnown),
    ("POST", &["accounts"], ToAct),
    ("GET", &["accounts", "*"], SomebodyKnown),
    ("POST", &["accounts", "*", "topup"], ToAct),
    ("POST", &["accounts", "*", "status"], ToAct),
    ("POST", &["accounts", "*", "policy"], ToAct),
    ("POST", &["accounts", "*", "webhooks"], ToActOnAccount),
    ("POST", &["accounts", "*", "ping"], ToActOnAccount),
    ("POST", &["accounts", "*", "signing"], ToActOnAccount),
    ("POST", &["accounts", "*", "secrets"], ToActOnAccount),
    ("POST", &["accounts", "*", "secrets", "revoke"], ToActOnAccount),
    ("GET", &["carriers"], ToLook),
    ("POST", &["carriers", "*", "test"], ToAct),
    ("POST", &["carriers", "*", "bind"], ToAct),
    ("POST", &["carriers", "*", "unbind"], ToAct),
    ("POST", &["carriers", "*", "drain"], ToAct),
    ("GET", &["stats"], ToLook),
    ("GET", &["settings"], ToLook),
    ("GET", &["settings", "audit"], ToAct),
    ("POST", &["settings", "password"], ToLook),
    ("POST", &["settings", "check"], ToAct),
    ("POST", &["settings", "reload"], ToAct),
    ("POST", &["settings", "operators"], ToAct),
    ("POST", &["settings", "operators", "*", "password"], ToAct),
    ("POST", &["settings", "operators", "*", "remove"], ToAct),
];

/// Who a page is for; `None`: there is no such page.
pub(super) fn of(method: &str, path: &[&str]) -> Option<Needs> {
    let fits = |pattern: &[&str]| {
        pattern.len() == path.len() && pattern.iter().zip(path).all(|(part, piece)| *part == "*" || part == piece)
    };
    PAGES.iter().find(|(known, pattern, _)| *known == method && fits(pattern)).map(|(_, _, needs)| *needs)
}

impl Needs {
    /// Whether somebody with that right may.
    pub const fn has(self, right: Right) -> bool {
        match (self, right) {
            (_, Right::All) | (SomebodyKnown, _) | (ToLook, Right::Look) => true,
            (ToActOnAccount, Right::OwnAccount) => true,
            (ToLook | ToAct, Right::OwnAccount) | (ToAct | ToActOnAccount, Right::Look) => false,
        }
    }

    /// What somebody else is told.
    pub const fn told(self) -> &'static str {
        match self {
            SomebodyKnown | ToLook => {
                "This page is for those who look after the gateway. What is your account's own is under Accounts."
            }
            ToAct | ToActOnAccount => {
                "Nothing was changed: this is for operators. Viewers look, and owners change their own account."
            }
        }
    }
}
