//! What the table of networks says of numbers. Pure.

use whimbrel_core::Snapshot;
use whimbrel_core::call::lookup::{LookedUp, LookupCall, LookupOutcome, NumberRange};

/// Looks numbers up in the numbering plan.
pub(crate) fn lookup(snapshot: &Snapshot, call: LookupCall) -> LookupOutcome {
    let looked_up = call.numbers.into_iter().map(|number| {
        let range = number.as_ref().ok().and_then(|number| snapshot.networks.find(number));
        let range = range.map(|network| NumberRange {
            country: network.country,
            code: network.code.clone(),
            name: network.name.clone(),
        });
        LookedUp { number, range }
    });
    LookupOutcome { question: call.question, numbers: looked_up.collect() }
}
