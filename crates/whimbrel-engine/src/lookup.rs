//! What the tables say of numbers. Pure.
//!
//! What receipts told counts for where texts go and what they cost, and is not asked here: it is what the texts of all accounts brought
//! about, and whoever looked a number up would learn that somebody had texted it.

use whimbrel_core::call::lookup::{LookedUp, LookupCall, LookupOutcome, NumberRange};
use whimbrel_core::{Network, Snapshot};

/// Looks numbers up.
pub(crate) fn lookup(snapshot: &Snapshot, call: LookupCall) -> LookupOutcome {
    let looked_up = call.numbers.into_iter().map(|number| {
        let known = number.as_ref().ok().and_then(|number| Some((number, snapshot.networks.find(number)?)));
        let moved_to = known.and_then(|(number, range)| {
            let to = snapshot.networks.find_told(number, None)?;
            (to != range).then(|| named(to))
        });
        let range = known.map(|(_, range)| named(range));
        LookedUp { number, range, moved_to }
    });
    LookupOutcome { question: call.question, numbers: looked_up.collect() }
}

fn named(network: &Network) -> NumberRange {
    NumberRange { country: network.country, code: network.code.clone(), name: network.name.clone() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use whimbrel_core::call::lookup::Question;
    use whimbrel_core::{Networks, PhoneNumber, Prices};

    use super::*;

    #[test]
    fn the_register_goes_before_the_prefix() {
        let networks = "prefix,mccmnc,country,name\n8490,45201,VN,One\n8491,45202,VN,Two\n8492,45205,VN,Five\n";
        let networks = Networks::parse(networks).expect("good");
        let snapshot = Snapshot {
            epoch: 1,
            networks: Arc::new(networks.with_ported("number,mccmnc\n84901234567,45205\n").expect("good")),
            prices: Arc::new(Prices::default()),
            routes: Vec::new(),
            test_carrier: None,
        };
        let number = |digits: &str| PhoneNumber::parse(digits).map_err(|_| digits.into());
        let numbers = ["84901234567", "84901234568", "1"].map(number).to_vec();
        let found = lookup(&snapshot, LookupCall { question: Question::Network, numbers }).numbers;
        let code = |range: &Option<NumberRange>| range.as_ref().map(|range| range.code.to_string());
        let codes: Vec<_> = found.iter().map(|found| (code(&found.range), code(&found.moved_to))).collect();
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(codes, [(is("45201"), is("45205")), (is("45201"), None), (None, None)]);
    }
}
