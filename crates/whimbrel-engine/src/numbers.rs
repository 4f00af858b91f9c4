//! Numbers as accounts list, buy, change and give them back.

use std::sync::Arc;

use whimbrel_core::call::numbers::{
    NumberChoice, NumberSettings, NumbersCall, NumbersOutcome, NumbersRefusal, OwnedQuery, SaleQuery,
};
use whimbrel_core::phone::mask;
use whimbrel_core::{Account, ApplicationId, CountryCode, Outcome, PhoneNumber, Refusal, Uuid};
use whimbrel_dialects::Dialect;
use whimbrel_store::{Deal, Op, OpResult, PoolDone, PoolOp, SaleFilter};

use crate::Engine;
use crate::account::odd;
use crate::events::About;
use crate::url_test::UrlTest;

impl Engine {
    /// Carries out such a request.
    pub(crate) async fn numbers_call(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account: &Arc<Account>,
        call: NumbersCall,
    ) -> Outcome {
        let outcome = match call {
            NumbersCall::Owned(query) => self.owned_numbers(account, query).await,
            NumbersCall::OnSale(query) => self.numbers_on_sale(account, query).await,
            NumbersCall::Buy(choice) => self.deal(account, choice, "number.bought", PoolOp::Buy).await,
            NumbersCall::Cancel(choice) => self.deal(account, choice, "number.cancelled", PoolOp::Cancel).await,
            NumbersCall::Update(choice, settings) => self.set_number(dialect, account, choice, settings).await,
        };
        outcome.map_or_else(Outcome::Refused, Outcome::Numbers)
    }

    async fn owned_numbers(&self, account: &Account, query: OwnedQuery) -> Result<NumbersOutcome, Refusal> {
        let id = account.id;
        let (mut numbers, count) = self.look(move |store| store.owned_numbers(id, &query)).await?;
        for entry in &mut numbers {
            entry.country = entry.country.or_else(|| self.country_of(&entry.number));
        }
        Ok(NumbersOutcome::Owned(numbers, count))
    }

    async fn numbers_on_sale(&self, account: &Account, query: SaleQuery) -> Result<NumbersOutcome, Refusal> {
        let filter = SaleFilter { query, currency: account.currency };
        let (numbers, count) = self.look(move |store| store.numbers_on_sale(&filter)).await?;
        Ok(NumbersOutcome::OnSale(numbers, count))
    }

    /// A number's settings change once its new URL answered the test.
    async fn set_number(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account: &Arc<Account>,
        choice: NumberChoice,
        settings: Box<NumberSettings>,
    ) -> Result<NumbersOutcome, Refusal> {
        // Whoever does not own the number must not make us fetch anything.
        if let Some(id) = settings.application.as_deref().filter(|id| !id.is_empty())
            && !self.has_application(account, id)
        {
            return Ok(NumbersOutcome::Refused(NumbersRefusal::UnknownApplication));
        }
        let is_owner = self.directory.owns(account.id, &choice.number) == whimbrel_core::policy::Owned::Yes;
        if let Some(url) = settings.inbound_url.as_deref().filter(|url| is_owner && !url.is_empty()) {
            match self.test_url(dialect, account.id, url).await {
                UrlTest::Passed => {}
                UrlTest::Failed => return Ok(NumbersOutcome::Refused(NumbersRefusal::EndpointUnreachable)),
                UrlTest::Busy => return Err(Refusal::Overloaded),
            }
        }
        self.deal(account, choice, "number.changed", move |deal| PoolOp::Set(deal, settings)).await
    }

    fn has_application(&self, account: &Account, id: &str) -> bool {
        let found = Uuid::parse(id).and_then(|uuid| self.applications.find(ApplicationId(uuid.0)));
        found.is_some_and(|application| application.account_id == account.id)
    }

    async fn deal(
        self: &Arc<Self>,
        account: &Account,
        choice: NumberChoice,
        event: &'static str,
        make: impl FnOnce(Deal) -> PoolOp,
    ) -> Result<NumbersOutcome, Refusal> {
        if choice.target.is_some_and(|target| target != account.key) {
            return Ok(NumbersOutcome::Refused(NumbersRefusal::OtherAccount));
        }
        let (account_id, at) = (account.id, self.world.now());
        let deal = Deal {
            id: self.world.next_id(),
            account_id,
            number: choice.number.clone(),
            country: choice.country,
            presumed: self.country_of(&choice.number),
            at,
        };
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| {
            if let OpResult::Pool(PoolDone::Owner(owner)) = result {
                engine.directory.set_owner(&choice.number, *owner);
                engine.events.tell(at, || {
                    let detail = format!("number {}", mask(&choice.number));
                    (event, Some(account_id), About::Gateway, detail.into())
                });
            }
        };
        match self.ask(Op::Pool(make(deal)), changed).await? {
            OpResult::Pool(PoolDone::Owner(_)) => Ok(NumbersOutcome::Done),
            OpResult::Pool(PoolDone::Refused(refusal)) => Ok(NumbersOutcome::Refused(refusal)),
            other => Err(odd(&other)),
        }
    }

    /// The country of a number's prefix; `None` of short codes and unknown prefixes.
    pub(crate) fn country_of(&self, number: &str) -> Option<CountryCode> {
        let number = PhoneNumber::from_digits(number).ok()?;
        self.snapshot().networks.find(&number).map(|network| network.country)
    }
}
