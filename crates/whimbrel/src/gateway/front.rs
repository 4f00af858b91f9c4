//! The HTTP handler: a request goes to the dialect whose path it is, or to the native API.

use std::sync::Arc;

use whimbrel_core::{Outcome, SourceNetwork, Span, World};
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_dialects::{Match, Parsed, Reply};
use whimbrel_engine::{Engine, Handled, Origin};

use super::origin;
use super::taped::{self, Came, Exchange};
use crate::api::Api;
use crate::server::{Answer, Handler, IncomingRequest, problem};

/// Everything that answers requests.
pub struct Front {
    engine: Arc<Engine>,
    api: Api,
    /// Proxies before us.
    proxies: Box<[SourceNetwork]>,
}

impl Front {
    /// A front before `engine` and behind `proxies`.
    #[must_use]
    pub const fn new(engine: Arc<Engine>, api: Api, proxies: Box<[SourceNetwork]>) -> Self {
        Self { engine, api, proxies }
    }
}

impl Handler for Front {
    async fn handle(&self, request: IncomingRequest) -> Answer {
        let world = self.engine.world();
        let begun_at = world.now();
        let origin = Origin {
            address: Some(origin::address(&request, &self.proxies)),
            waited: Span::from_std(request.waited()),
        };
        for dialect in DIALECTS.iter().copied() {
            let read = {
                let headers = origin::headers(&request, &self.proxies);
                dialect.read(&request.view(&headers), trace_id(&**world), world.now())
            };
            let parsed = match read {
                Match::NotMine => continue,
                Match::Answered(response) => return response.into(),
                Match::Parsed(parsed) => *parsed,
            };
            let parsed = match self.engine.home_of(dialect, &parsed.claim) {
                Some((homes, home)) => {
                    let headers = origin::headers(&request, &self.proxies);
                    homes.read_at(&request.view(&headers), home, parsed)
                }
                None => parsed,
            };
            let Parsed { claim, call, reply } = parsed;
            let reply = Reply { wording: self.engine.wording(), ..reply };
            let Handled { outcome, account_id } = self.engine.handle_whose(dialect, origin, claim, call).await;
            if let (Outcome::Refused(refusal), Some(account_id)) = (&outcome, account_id) {
                let headers = origin::headers(&request, &self.proxies);
                if let Some(refused) = dialect.rejection(&request.view(&headers), refusal, reply.now) {
                    self.engine.note_rejection(account_id, refused);
                }
            }
            let response = dialect.render(&outcome, &reply);
            if self.engine.tape().is_on() {
                let headers = origin::headers(&request, &self.proxies);
                let request = &request.view(&headers);
                let (response, now) = (&response, world.now());
                let exchange = Exchange { dialect, request, response, account_id, begun_at, now };
                taped::keep(self.engine.tape(), Came::of(&outcome), &exchange);
            }
            if let Outcome::Refused(refusal) = &outcome {
                self.engine.hold_back(refusal).await;
            }
            return response.into();
        }
        // On the heap: what a page needs is twice what a text does, and every connection has room for the largest.
        match Box::pin(self.api.handle(&request, origin)).await {
            Some(response) => response,
            None => {
                problem(404, "Not Found", "no dialect and no page of this server has that path: see the paths at /")
                    .into()
            }
        }
    }
}

fn trace_id(world: &dyn World) -> u128 {
    (u128::from(world.random()) << 64) | u128::from(world.random())
}
