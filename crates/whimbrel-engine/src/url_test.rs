//! The test of a URL that a customer sets: one request through the guarded way out, which must be answered with 200.
//!
//! A test holds a place of the way out for as long as the customer's server pleases, within its bounds. So few run at once, fewer for one
//! account, and webhooks never wait for them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use whimbrel_core::{AccountId, EndpointKind, NoticeId, Span};
use whimbrel_dialects::standard;
use whimbrel_dialects::{CannotSign, Dialect, Moment, WebhookTarget, WebhookTest, registry};

use crate::Engine;
use crate::ports::{NewUrls, Tried};
use crate::webhooks::NoPlace;

/// Tests under way at once.
const TESTS_MAX: usize = 16;
/// Tests under way for one account.
const TESTS_OF_ACCOUNT_MAX: usize = 2;

/// What came of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlTest {
    /// The URL answered with 200, or is not to be tested.
    Passed,
    /// It did not.
    Failed,
    /// Too many tests are under way.
    Busy,
}

/// The tests under way.
#[derive(Debug, Default)]
pub(crate) struct UrlTests(Mutex<BTreeMap<AccountId, usize>>);

/// One of them; its place is free when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    tests: &'a UrlTests,
    account: AccountId,
}

impl UrlTests {
    pub(crate) fn start(&self, account: AccountId) -> Option<Place<'_>> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = under_way.values().sum();
        let own = under_way.get(&account).copied().unwrap_or(0);
        if all >= TESTS_MAX || own >= TESTS_OF_ACCOUNT_MAX {
            return None;
        }
        under_way.insert(account, own + 1);
        Some(Place { tests: self, account })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut under_way = self.tests.0.lock().unwrap_or_else(PoisonError::into_inner);
        match under_way.get_mut(&self.account) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = under_way.remove(&self.account),
        }
    }
}

impl Engine {
    /// Tests a URL for an account, in the words of its dialect.
    pub(crate) async fn test_url(&self, dialect: &'static dyn Dialect, account: AccountId, url: &str) -> UrlTest {
        if self.egress.new_urls() == NewUrls::Taken {
            return UrlTest::Passed;
        }
        let Some(_place) = self.url_tests.start(account) else { return UrlTest::Busy };
        let answer = match self.place(url).await {
            Ok(place) => self.egress.send(place, dialect.url_test(url)).await,
            Err(NoPlace::Busy) => return UrlTest::Busy,
            Err(NoPlace::Refused(why)) => Err(why),
        };
        match answer {
            Ok(200) => UrlTest::Passed,
            Ok(status) => {
                tracing::info!(account_id = %account, status, "a new URL did not answer its test with 200");
                UrlTest::Failed
            }
            Err(why) => {
                tracing::info!(account_id = %account, why = &*why, "a new URL did not answer its test");
                UrlTest::Failed
            }
        }
    }
}

/// A test of an endpoint, as it went.
#[derive(Debug, Clone)]
pub struct WebhookTried {
    /// Where it went.
    pub url: Box<str>,
    /// What came back, or why nothing did, in words that hold no secret.
    pub answer: Result<Tried, Box<str>>,
    /// How long that took.
    pub elapsed: Span,
}

/// Why an endpoint was not tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookTestError {
    /// There is no such account.
    UnknownAccount,
    /// The account has no such endpoint.
    NoEndpoint(EndpointKind),
    /// Too many tests are under way.
    Busy,
    /// It is to be signed and cannot be.
    CannotSign(CannotSign),
}

impl fmt::Display for WebhookTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::NoEndpoint(kind) => write!(f, "the account has no URL for this (`{}`): set one first", kind.as_str()),
            Self::Busy => f.write_str("too many endpoints are tested just now: try again"),
            Self::CannotSign(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for WebhookTestError {}

impl Engine {
    /// Sends an account's endpoint what its dialect tests endpoints with, and shows what comes back. Nothing is written down.
    ///
    /// # Errors
    /// [`WebhookTestError`]; nothing was sent then.
    pub async fn test_webhook(
        &self,
        account_id: AccountId,
        kind: EndpointKind,
        test: WebhookTest,
    ) -> Result<WebhookTried, WebhookTestError> {
        let entry = self.directory.by_id(account_id).ok_or(WebhookTestError::UnknownAccount)?;
        let dialect = registry::by_name(&entry.dialect).ok_or(WebhookTestError::UnknownAccount)?;
        let url = entry.account.endpoint(kind).ok_or(WebhookTestError::NoEndpoint(kind))?.url.clone();
        let _place = self.url_tests.start(account_id).ok_or(WebhookTestError::Busy)?;
        let signature_secret = &entry.signature_secrets.current.secret;
        let target = WebhookTarget { url: &url, account: &entry.account, signature_secret, hook: None };
        let chance = u128::from(self.world.random()) << 64 | u128::from(self.world.random());
        let begun_at = self.world.now();
        let request = dialect.webhook_test(test, target, Moment { now: begun_at, chance });
        let mut request = request.map_err(WebhookTestError::CannotSign)?;
        self.add_standard_headers(&mut request, &standard::id(NoticeId(self.world.next_id())), &entry, begun_at);
        let place = self.place(&url).await;
        let begun_at = self.world.steady_now();
        let answer = match place {
            Ok(place) => self.egress.try_out(place, request).await,
            Err(NoPlace::Busy) => return Err(WebhookTestError::Busy),
            Err(NoPlace::Refused(why)) => Err(why),
        };
        Ok(WebhookTried { url, answer, elapsed: self.world.steady_now().since(begun_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_few_tests_at_once_and_all_together_not_many() {
        let tests = UrlTests::default();
        let two = [tests.start(AccountId(1)), tests.start(AccountId(1))];
        assert!(two.iter().all(Option::is_some));
        assert!(tests.start(AccountId(1)).is_none(), "an account's own bound");
        let others: Vec<_> = (2..100).filter_map(|id| tests.start(AccountId(id))).collect();
        assert_eq!(others.len(), TESTS_MAX - 2);
        drop(two);
        assert!(tests.start(AccountId(1)).is_some());
        drop(others);
        assert!(tests.0.lock().expect("nobody panicked").is_empty());
    }
}
