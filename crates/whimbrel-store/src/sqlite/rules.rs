//! An account's rules as one column: pairs `name=value` with a blank between them, for each rule that differs from its
//! default. Empty means that everything is allowed.
//!
//! Names and values are never guessed: a pair that this version does not know, or one that stands there twice, makes the row
//! unreadable rather than the account freer than it was meant to be.

use std::fmt::Write;

use whimbrel_core::network::CountryCode;
use whimbrel_core::zone::Zone;
use whimbrel_core::{Access, AccountRules, Facility, Recipients, Senders, Unmappable};

/// One list of the rules with a name for each, written and read in one place.
macro_rules! rules {
    ($(words $field:ident $name:literal $type:ident;)+ $(numbers $number:ident $number_name:literal;)+
     $(choices $choice:ident $choice_name:literal $choice_type:ident;)+) => {
        /// The rules as a column.
        pub(super) fn text(rules: &AccountRules) -> String {
            let default = AccountRules::default();
            let mut text = String::new();
            $(if rules.$field != default.$field { pair(&mut text, $name, rules.$field.as_str()); })+
            $(if rules.$number != default.$number { pair(&mut text, $number_name, rules.$number); })+
            $(if let Some(choice) = &rules.$choice { pair(&mut text, $choice_name, choice.as_str()); })+
            text
        }

        fn set(rules: &mut AccountRules, name: &str, value: &str) -> Option<()> {
            match name {
                $($name => rules.$field = $type::parse(value)?,)+
                $($number_name => rules.$number = value.parse().ok()?,)+
                $($choice_name => rules.$choice = Some($choice_type::parse(value)?),)+
                _ => return None,
            }
            Some(())
        }
    };
}

rules! {
    words access "access" Access;
    words recipients "recipients" Recipients;
    words senders "senders" Senders;
    words unmappable "unmappable" Unmappable;
    words binary "binary" Facility;
    words handset_class "handset-class" Facility;
    numbers requests_per_second_max "requests-per-second-max";
    numbers sender_parts_per_second_max "sender-parts-per-second-max";
    numbers requests_burst_max "requests-burst-max";
    numbers recipient_seconds_min "recipient-seconds-min";
    numbers recipient_per_hour_max "recipient-per-hour-max";
    numbers repeat_seconds_min "repeat-seconds-min";
    choices zone "zone" Zone;
    choices country "country" CountryCode;
}

fn pair(text: &mut String, name: &str, value: impl std::fmt::Display) {
    if !text.is_empty() {
        text.push(' ');
    }
    // Writing to a string does not fail.
    let _ = write!(text, "{name}={value}");
}

/// The rules of a column; `None` if it holds anything else.
pub(super) fn parse(column: &str) -> Option<AccountRules> {
    let mut rules = AccountRules::default();
    let mut names = Vec::new();
    for (name, value) in column.split_ascii_whitespace().map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        if names.contains(&name) {
            return None;
        }
        names.push(name);
        set(&mut rules, name, value)?;
    }
    Some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_were_written() {
        let all = AccountRules {
            access: Access::SmppOnly,
            requests_per_second_max: 30,
            sender_parts_per_second_max: u32::MAX,
            recipients: Recipients::Permitted,
            senders: Senders::Listed,
            unmappable: Unmappable::Transliterate,
            binary: Facility::Denied,
            handset_class: Facility::Denied,
            requests_burst_max: 1_000,
            recipient_seconds_min: 20,
            recipient_per_hour_max: 10,
            repeat_seconds_min: 180,
            zone: Zone::parse("Europe/Zurich"),
            country: CountryCode::parse("CH"),
        };
        let column = "access=smpp-only recipients=permitted senders=listed unmappable=transliterate binary=denied \
                      handset-class=denied requests-per-second-max=30 sender-parts-per-second-max=4294967295 \
                      requests-burst-max=1000 recipient-seconds-min=20 recipient-per-hour-max=10 repeat-seconds-min=180 \
                      zone=Europe/Zurich country=CH";
        assert_eq!((text(&all).as_str(), parse(column)), (column, Some(all)));
        let one = AccountRules { requests_per_second_max: 5, ..AccountRules::default() };
        assert_eq!((text(&one).as_str(), parse(&text(&one))), ("requests-per-second-max=5", Some(one)));
        assert_eq!((text(&AccountRules::default()).as_str(), parse("")), ("", Some(AccountRules::default())));
    }

    #[test]
    fn nothing_is_guessed() {
        for column in [
            "access",
            "access=ftp",
            "Access=http",
            "speed=3",
            "=",
            "requests-per-second-max=",
            "requests-per-second-max=-1",
            "requests-per-second-max=4294967296",
            "binary=denied binary=denied",
            "zone=",
            "zone=Europe/Nowhere",
            "country=Germany",
        ] {
            assert_eq!(parse(column), None, "{column}");
        }
    }
}
