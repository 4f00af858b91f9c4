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
    // A link for strangers is made by who may read the message; it shows less than they see.
    ("POST", &["m", "*", "share"], ToActOnAccount),
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
    ("POST", &["accounts", "*", "home"], ToAct),
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
    ("POST", &["settings", "end-shares"], ToAct),
    ("POST", &["settings", "clock"], ToAct),
    ("POST", &["settings", "faults"], ToAct),
    ("POST", &["settings", "operators"], ToAct),
    ("POST", &["settings", "operators", "*", "password"], ToAct),
    ("POST", &["settings", "operators", "*", "remove"], ToAct),
];

/// Every page and act for somebody who is not known. None of them shows more than what its request proves a right to.
const FOR_STRANGERS: &[(&str, &[&str])] =
    &[("GET", &["login"]), ("POST", &["login"]), ("POST", &["theme"]), ("GET", &["shared", "*"])];

/// Whether somebody who is not known may ask for it.
pub(super) fn is_for_strangers(method: &str, path: &[&str]) -> bool {
    FOR_STRANGERS.iter().any(|(known, pattern)| *known == method && fits(pattern, path))
}

fn fits(pattern: &[&str], path: &[&str]) -> bool {
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(part, piece)| *part == "*" || part == piece)
}

/// Who a page is for; `None`: there is no such page.
pub(super) fn of(method: &str, path: &[&str]) -> Option<Needs> {
    PAGES.iter().find(|(known, pattern, _)| *known == method && fits(pattern, path)).map(|(_, _, needs)| *needs)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_reach_four_places_and_no_page_is_in_both_tables() {
        for (method, path) in
            [("GET", &["login"][..]), ("POST", &["login"]), ("POST", &["theme"]), ("GET", &["shared", "x"])]
        {
            assert!(is_for_strangers(method, path) && of(method, path).is_none(), "{method} {path:?}");
        }
        for (method, path) in [
            ("GET", &[][..]),
            ("GET", &["shared"]),
            ("GET", &["shared", "x", "wire"]),
            ("POST", &["shared", "x"]),
            ("DELETE", &["shared", "x"]),
            ("GET", &["m", "x"]),
            ("POST", &["m", "x", "share"]),
            ("GET", &["theme"]),
        ] {
            assert!(!is_for_strangers(method, path), "{method} {path:?}");
        }
    }
}
