//! What the tables, and receipts of before, say of numbers. Pure.

use whimbrel_core::call::lookup::{LookedUp, LookupCall, LookupOutcome, Moved, NumberRange, SaidBy};
use whimbrel_core::{Network, PhoneNumber, Snapshot};

/// Looks numbers up; `told` knows the network that a receipt told of a number.
pub(crate) fn lookup(
    snapshot: &Snapshot,
    told: impl Fn(&PhoneNumber) -> Option<Box<str>>,
    call: LookupCall,
) -> LookupOutcome {
    let looked_up = call.numbers.into_iter().map(|number| {
        let known = number.as_ref().ok().and_then(|number| Some((number, snapshot.networks.find(number)?)));
        let moved = known.and_then(|(number, range)| {
            let told = told(number);
            let said_by = match snapshot.networks.find_ported(number) {
                Some(_) => SaidBy::Register,
                None => SaidBy::Receipt,
            };
            let to = snapshot.networks.find_told(number, told.as_deref())?;
            (to != range).then(|| Moved { to: named(to), said_by })
        });
        let range = known.map(|(_, range)| named(range));
        LookedUp { number, range, moved }
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
    use whimbrel_core::{Networks, Prices};

    use super::*;

    #[test]
    fn the_register_goes_before_receipts_and_both_before_the_prefix() {
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
        let numbers = ["84901234567", "84901234568", "84911234568", "1"].map(number).to_vec();
        let call = LookupCall { question: Question::Network, numbers };
        // A receipt told the second network of every number.
        let found = lookup(&snapshot, |_| Some("45202".into()), call).numbers;
        let said =
            |looked_up: &LookedUp| looked_up.moved.as_ref().map(|moved| (moved.to.code.to_string(), moved.said_by));
        let said: Vec<_> = found.iter().map(said).collect();
        let (five, two) = ("45205".to_owned(), "45202".to_owned());
        assert_eq!(said, [Some((five, SaidBy::Register)), Some((two, SaidBy::Receipt)), None, None]);
        assert_eq!(found[0].range.as_ref().map(|range| &*range.code), Some("45201"));
    }
}
