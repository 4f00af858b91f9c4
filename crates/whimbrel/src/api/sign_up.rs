//! Accounts that somebody makes for itself, where the operator allows it: so many a day, and so many from one source.
//!
//! Such an account can do what its wallet pays for, which is nothing, or what its dialect's vendor gives to new customers. The counts are
//! kept in memory: they begin anew at midnight (UTC) and with the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use whimbrel_core::Timestamp;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::failures::Source;
use whimbrel_engine::{NewCustomer, Origin};

use super::{Api, access, accounts, document};
use crate::gateway::dev;
use crate::server::{IncomingRequest, problem};

/// Whether accounts may be made by those who want one, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignUpRules {
    /// A day.
    pub per_day_max: u32,
    /// A day, from one source; 0: nobody may.
    pub per_source_max: u32,
}

/// How many were made today.
#[derive(Debug, Default)]
pub struct SignUps {
    rules: SignUpRules,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: i64,
    count: u32,
    /// As many as accounts that were made, so no more than a day may have.
    by_source: HashMap<Source, u32>,
}

/// Why none is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denied {
    ByOperator,
    ForToday,
}

impl SignUps {
    /// None yet.
    #[must_use]
    pub fn new(rules: SignUpRules) -> Self {
        Self { rules, today: Mutex::default() }
    }

    /// Counts one more, before it is made: two at once cannot both be the last.
    fn take(&self, source: Source, now: Timestamp) -> Result<(), Denied> {
        if self.rules.per_source_max == 0 || self.rules.per_day_max == 0 {
            return Err(Denied::ByOperator);
        }
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.unix_seconds().div_euclid(86_400);
        if day != today.day {
            *today = Today { day, ..Today::default() };
        }
        let of_source = today.by_source.get(&source).copied().unwrap_or(0);
        if today.count >= self.rules.per_day_max || of_source >= self.rules.per_source_max {
            return Err(Denied::ForToday);
        }
        today.count += 1;
        today.by_source.insert(source, of_source + 1);
        Ok(())
    }
}

/// `POST sign-up`: an account for whoever asks; key and secrets are shown this once.
pub(super) async fn sign_up(api: &Api, request: &IncomingRequest, origin: Origin) -> HttpResponse {
    if request.method() != "POST" {
        return super::other_methods(&["POST"]);
    }
    if !access::is_same_origin(request) {
        return problem(403, "Forbidden", "an account is not made by a page of another site");
    }
    let (customer, mut shown) = match accounts::read_customer(api, request.body(), accounts::SIGN_UP_FIELDS) {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let world = api.engine.world();
    match api.sign_ups.take(Source::of(origin.address), world.now()) {
        Ok(()) => {}
        Err(Denied::ByOperator) => {
            return problem(403, "Forbidden", "accounts are made by the operator here: ask for one");
        }
        Err(Denied::ForToday) => {
            let mut answer =
                problem(429, "Too Many Requests", "as many accounts as may be were made today: come back tomorrow");
            answer.headers.push(("Retry-After", "86400".into()));
            return answer;
        }
    }
    let dialect = registry::by_name(&customer.dialect).map(|dialect| dialect.descriptor());
    let free_credit = dialect.and_then(|dialect| dev::welcome_credit(dialect, customer.account.currency));
    let account = match api.engine.create_account(NewCustomer { free_credit, ..customer }).await {
        Ok(account) => account,
        Err(error) => return accounts::refused(&error),
    };
    tracing::info!(account_id = %account.id, "an account was made by its owner");
    if let Some(amount) = free_credit {
        shown["free_credit"] = json!(amount.eight_decimals());
    }
    document(201, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(last: u8) -> Source {
        Source::of(Some([192, 0, 2, last].into()))
    }

    #[test]
    fn so_many_a_day_and_so_many_from_one_source() {
        let ups = SignUps::new(SignUpRules { per_day_max: 5, per_source_max: 2 });
        let at = |day: i64| Timestamp(day * 86_400_000_000 + 1);
        assert_eq!(
            [1, 1, 1, 2, 2, 3, 4].map(|last| ups.take(source(last), at(1)).is_ok()),
            [true, true, false, true, true, true, false]
        );
        assert_eq!(ups.take(source(1), at(2)), Ok(()), "another day");
        assert_eq!(ups.today.lock().expect("no panic").by_source.len(), 1);
        for none in
            [SignUpRules { per_day_max: 0, per_source_max: 2 }, SignUpRules { per_day_max: 5, per_source_max: 0 }]
        {
            assert_eq!(SignUps::new(none).take(source(1), at(1)), Err(Denied::ByOperator));
        }
    }
}
