//! What an account sent and what came in for it, added up.

use std::collections::BTreeMap;
use std::sync::Arc;

use whimbrel_core::call::totals::{TotalsBy, TotalsCall, TotalsLine, TotalsOutcome};
use whimbrel_core::{Account, Money, Refusal};
use whimbrel_store::{Tallies, Tally};

use crate::Engine;

#[derive(Default)]
struct Sums {
    sent: u64,
    came_in: u64,
    spent: i64,
}

impl Engine {
    /// Carries out such a request.
    pub(crate) async fn totals_call(&self, account: &Arc<Account>, call: TotalsCall) -> Result<TotalsOutcome, Refusal> {
        let (id, call) = (account.id, Arc::new(call));
        let asked = call.clone();
        let Some(tallies) = self.look(move |store| store.totals(id, &asked)).await? else {
            return Ok(TotalsOutcome::TooMuch);
        };
        let sums = self.summed(account, &call, tallies);
        let line = |((span, name), sums): ((usize, Box<str>), Sums)| TotalsLine {
            from: call.bounds[span],
            name,
            sent: sums.sent,
            came_in: sums.came_in,
            spent: Money::new(sums.spent, account.currency),
        };
        Ok(TotalsOutcome::Lines { by: call.by, lines: sums.into_iter().map(line).collect() })
    }

    /// The sums of each line, by its span and name.
    fn summed(&self, account: &Account, call: &TotalsCall, tallies: Tallies) -> BTreeMap<(usize, Box<str>), Sums> {
        let snapshot = self.snapshot();
        let country = |country: Option<whimbrel_core::CountryCode>| {
            country.map_or_else(Box::default, |country| Box::from(country.as_str()))
        };
        let line = |tally: &Tally, of_country: &dyn Fn() -> Box<str>| match call.by {
            TotalsBy::Span => Box::default(),
            TotalsBy::Country => of_country(),
            TotalsBy::AccountRef => tally.name.clone(),
            TotalsBy::Account => account.key.clone(),
        };
        let mut sums: BTreeMap<(usize, Box<str>), Sums> = BTreeMap::new();
        match call.by {
            TotalsBy::Span => {
                let spans = call.bounds.len().saturating_sub(1);
                sums.extend((0..spans).map(|span| ((span, Box::default()), Sums::default())));
            }
            TotalsBy::Account => {
                sums.insert((0, account.key.clone()), Sums::default());
            }
            TotalsBy::Country | TotalsBy::AccountRef => {}
        }
        for tally in &tallies.sent {
            let name = line(tally, &|| country(snapshot.networks.country_of(&tally.name)));
            let sums = sums.entry((tally.span, name)).or_default();
            sums.sent += tally.count;
            sums.spent = sums.spent.saturating_add(tally.spent);
        }
        for tally in &tallies.came_in {
            let name = line(tally, &|| country(self.country_of(&tally.name)));
            sums.entry((tally.span, name)).or_default().came_in += tally.count;
        }
        sums
    }
}
