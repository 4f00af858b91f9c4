//! `POST sample`: sends a first message the way an application does, through the dialect that is asked for.

use whimbrel_core::{Alphabet, Secret};
use whimbrel_dialects::client::{ClientAnswer, Text};
use whimbrel_dialects::http::HttpRequest;
use whimbrel_dialects::registry::{self, DIALECTS};
use whimbrel_dialects::{Match, Parsed};
use whimbrel_engine::Origin;
use whimbrel_web::Flash;

use super::form::Form;
use super::{Visit, go, say};
use crate::api::Api;
use crate::server::Answer;

/// Of a range that is kept for fiction (Ofcom, numbers for drama).
const TO: &str = "447700900123";
const TEXT: &str = "Your Acme code is 482917. It expires in 10 minutes.";

/// Sends it by a development account and leads to the inbox.
pub(super) async fn send(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::read(visit.request);
    let dialect = fields.filled("dialect").and_then(registry::by_name).or_else(|| DIALECTS.first().copied());
    let Some(dialect) = dialect.filter(|_| visit.is_dev()) else {
        return say(403, visit.frame("No sample here"), &["Only a development server has an account to send it from."]);
    };
    let account = dialect.descriptor().dev_account;
    let secret = Secret::new(account.secret);
    let text = Text { key: account.key, secret: &secret, to: TO, from: "Acme", text: TEXT, alphabet: Alphabet::Detect };
    let request = dialect.client_request(&text);
    let headers: Vec<(String, &[u8])> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())).collect();
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let world = api.engine.world();
    let http =
        HttpRequest { method: request.method, path: request.path, query: None, headers: &headers, body: &request.body };
    let trace_id = u128::from(world.random());
    let Match::Parsed(parsed) = dialect.read(&http, trace_id, world.now()) else {
        return refused(visit, "this dialect does not read its own request");
    };
    let Parsed { claim, call, reply } = *parsed;
    let origin = Origin { address: Some(visit.request.peer().ip()), ..Origin::default() };
    let outcome = api.engine.handle(dialect, origin, claim, call).await;
    match dialect.client_answer(&dialect.render(&outcome, &reply).body) {
        ClientAnswer::Accepted { .. } => go(&visit.links, ""),
        ClientAnswer::Refused { why } => refused(visit, &why),
        ClientAnswer::Unreadable => refused(visit, "the answer cannot be read"),
    }
}

fn refused(visit: &Visit<'_>, why: &str) -> Answer {
    let mut frame = visit.frame("The sample was not sent");
    frame.flash = Some(Flash::failed(why));
    say(422, frame, &["Nothing was changed. Is the development account suspended, or out of money?"])
}
