//! What an account sent and what came in for it, added up.

use std::collections::BTreeMap;
use std::sync::Arc;

use whimbrel_core::call::totals::{TotalsBy, TotalsCall, TotalsLine, TotalsOf, TotalsOutcome};
use whimbrel_core::{Account, AccountId, Money, Refusal};
use whimbrel_store::{Store, StoreError, SubaccountView, Tallies, Tally};

use crate::Engine;

/// Messages and texts that are counted for one answer, of all accounts together: as many as the store counts of one.
const COUNTED_MAX: u64 = 500_000;

/// An account's key, and what it sent and what came in for it.
type OfAccount = (Box<str>, Tallies);

#[derive(Default)]
struct Sums {
    sent: u64,
    came_in: u64,
    spent: i64,
}

impl Engine {
    /// Carries out such a request.
    pub(crate) async fn totals_call(&self, account: &Arc<Account>, call: TotalsCall) -> Result<TotalsOutcome, Refusal> {
        let (accounts, call) = (self.totals_of(account, call.of).await?, Arc::new(call));
        let asked = call.clone();
        let Some(tallies) = self.look(move |store| tallied(store, accounts, &asked)).await? else {
            return Ok(TotalsOutcome::TooMuch);
        };
        Ok(self.lines(account, &call, &tallies))
    }

    /// The answer to such a request where nothing was sent and nothing came in.
    pub(crate) fn no_totals(&self, account: &Account, call: &TotalsCall) -> TotalsOutcome {
        self.lines(account, call, &[(account.key.clone(), Tallies::default())])
    }

    fn lines(&self, account: &Account, call: &TotalsCall, tallies: &[OfAccount]) -> TotalsOutcome {
        let sums = self.summed(call, tallies);
        let line = |((span, name), sums): ((usize, Box<str>), Sums)| TotalsLine {
            from: call.bounds[span],
            name,
            sent: sums.sent,
            came_in: sums.came_in,
            spent: Money::new(sums.spent, account.currency),
        };
        TotalsOutcome::Lines { by: call.by, lines: sums.into_iter().map(line).collect() }
    }

    /// The accounts whose traffic is asked for, with their keys.
    async fn totals_of(&self, account: &Account, of: TotalsOf) -> Result<Vec<(AccountId, Box<str>)>, Refusal> {
        let (id, own) = (account.id, vec![(account.id, account.key.clone())]);
        if of == TotalsOf::Own {
            return Ok(own);
        }
        let below = self.look(move |store| store.subaccounts(Some(id))).await?.into_iter();
        let named = |view: SubaccountView| (view.account.account.id, view.account.account.key);
        match of {
            TotalsOf::Own | TotalsOf::All => Ok(own.into_iter().chain(below.map(named)).collect()),
            TotalsOf::Below(number) => {
                let found: Vec<_> = below.filter(|view| view.number == number).map(named).collect();
                if found.is_empty() { Err(Refusal::FacilityNotAllowed) } else { Ok(found) }
            }
        }
    }

    /// The sums of each line, by its span and name.
    fn summed(&self, call: &TotalsCall, tallies: &[OfAccount]) -> BTreeMap<(usize, Box<str>), Sums> {
        let snapshot = self.snapshot();
        let country = |country: Option<whimbrel_core::CountryCode>| {
            country.map_or_else(Box::default, |country| Box::from(country.as_str()))
        };
        let line = |key: &str, tally: &Tally, of_country: &dyn Fn() -> Box<str>| match call.by {
            TotalsBy::Span => Box::default(),
            TotalsBy::Country => of_country(),
            TotalsBy::AccountRef => tally.name.clone(),
            TotalsBy::Account => key.into(),
        };
        let mut sums: BTreeMap<(usize, Box<str>), Sums> = BTreeMap::new();
        match call.by {
            TotalsBy::Span => {
                let spans = call.bounds.len().saturating_sub(1);
                sums.extend((0..spans).map(|span| ((span, Box::default()), Sums::default())));
            }
            TotalsBy::Account => sums.extend(tallies.iter().map(|(key, _)| ((0, key.clone()), Sums::default()))),
            TotalsBy::Country | TotalsBy::AccountRef => {}
        }
        for (key, tally) in tallies.iter().flat_map(|(key, tallies)| tallies.sent.iter().map(move |tally| (key, tally)))
        {
            let name = line(key, tally, &|| country(snapshot.networks.country_of(&tally.name)));
            let sums = sums.entry((tally.span, name)).or_default();
            sums.sent += tally.count;
            sums.spent = sums.spent.saturating_add(tally.spent);
        }
        for (key, tally) in
            tallies.iter().flat_map(|(key, tallies)| tallies.came_in.iter().map(move |tally| (key, tally)))
        {
            let name = line(key, tally, &|| country(self.country_of(&tally.name)));
            sums.entry((tally.span, name)).or_default().came_in += tally.count;
        }
        sums
    }
}

/// What each account sent and what came in for it; `None` if that is more than is counted on request.
fn tallied(
    store: &dyn Store,
    accounts: Vec<(AccountId, Box<str>)>,
    call: &TotalsCall,
) -> Result<Option<Vec<OfAccount>>, StoreError> {
    let (mut all, mut counted) = (Vec::with_capacity(accounts.len()), 0_u64);
    for (id, key) in accounts {
        let Some(tallies) = store.totals(id, call)? else { return Ok(None) };
        counted += tallies.looked_at;
        if counted > COUNTED_MAX {
            return Ok(None);
        }
        all.push((key, tallies));
    }
    Ok(Some(all))
}
