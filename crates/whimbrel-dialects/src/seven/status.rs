//! `/api/status`: how far messages are, by their numbers. The vendor calls it deprecated, and every client of its asks it.

use serde::Serialize;
use whimbrel_core::call::journal::Progress;
use whimbrel_core::zone::Zone;
use whimbrel_core::{Call, MessageCall, Refusal};

use super::answer::{self, Wish};
use super::codes;
use super::params::Params;
use super::{ids, zone};
use crate::Reply;
use crate::http::HttpResponse;

/// Without a report in a text, which always has two lines: some clients read them by their number.
const UNKNOWN: &str = "UNKNOWN";
/// The code of a text for a number that names no message.
const NO_SUCH_ID: &str = "901";

#[derive(Serialize)]
struct Status<'a> {
    id: &'a str,
    status: Option<&'static str>,
    status_time: Option<String>,
}

/// Reads a request.
pub(super) fn read(params: &Params) -> Result<Call, Refusal> {
    let names = ids::names(params.all("msg_id"))?;
    if names.is_empty() {
        Err(Refusal::Missing { field: "msg_id" })
    } else {
        Ok(Call::Message(MessageCall::Progress(names)))
    }
}

/// The answer.
pub(super) fn render(found: &[(Box<str>, Option<Progress>)], reply: &Reply) -> HttpResponse {
    let zone = zone::of(&reply.home);
    match Wish::of_reply(reply).accepts_json() {
        true => answer::json(&found.iter().map(|found| status(found, zone)).collect::<Vec<_>>()),
        false => answer::text(found.iter().map(|found| block(found, zone)).collect::<Vec<_>>().join("\n\n")),
    }
}

fn status((id, progress): &(Box<str>, Option<Progress>), zone: Zone) -> Status<'_> {
    let told = progress.and_then(|progress| Some((progress.report?, progress.at)));
    Status {
        id,
        status: told.map(|(report, _)| codes::status(report)),
        status_time: told.map(|(_, at)| zone::micros(zone, at)),
    }
}

fn block((_, progress): &(Box<str>, Option<Progress>), zone: Zone) -> String {
    match progress {
        Some(Progress { report, at }) => {
            format!("{}\n{}", report.map_or(UNKNOWN, codes::status), zone::micros(zone, *at))
        }
        None => NO_SUCH_ID.to_owned(),
    }
}
