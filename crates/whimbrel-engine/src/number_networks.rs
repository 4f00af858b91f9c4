//! In which network numbers are, where a receipt told another one than their prefix does.
//!
//! Held in memory, so that a plan costs one look; the store has the same for the next start. A carrier's word is taken only for a
//! network that the table has in the number's country. Nobody is asked before a text is sent.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use whimbrel_core::network::{NETWORK_KEPT, NUMBER_NETWORKS_MAX};
use whimbrel_core::{
    CarrierError, CarrierEvent, CarrierReceipt, Cause, NumberNetwork, PhoneNumber, ReceiptStatus, Snapshot, Timestamp,
};
use whimbrel_store::{NetworkNews, Op};

use crate::Engine;
use crate::settle::Elsewhere;

/// What receipts told.
#[derive(Debug, Default)]
pub(crate) struct NumberNetworks {
    by_number: HashMap<PhoneNumber, (Box<str>, Timestamp)>,
    by_age: BTreeSet<(Timestamp, PhoneNumber)>,
}

impl NumberNetworks {
    /// What the store holds.
    pub(crate) fn new(told: Vec<NumberNetwork>) -> Self {
        let mut networks = Self::default();
        for told in told {
            networks.put(told);
        }
        networks
    }

    /// The network that was told of a number and still counts.
    pub(crate) fn find(&self, number: &PhoneNumber, now: Timestamp) -> Option<&str> {
        let (network, told_at) = self.by_number.get(number)?;
        (now.since(*told_at) < NETWORK_KEPT).then_some(network)
    }

    fn put(&mut self, told: NumberNetwork) {
        self.remove(&told.number);
        if self.by_number.len() >= NUMBER_NETWORKS_MAX
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_number.remove(&oldest);
        }
        self.by_age.insert((told.at, told.number.clone()));
        self.by_number.insert(told.number, (told.network, told.at));
    }

    fn remove(&mut self, number: &PhoneNumber) -> bool {
        let Some((_, told_at)) = self.by_number.remove(number) else { return false };
        self.by_age.remove(&(told_at, number.clone()))
    }

    /// What a receipt changes. Nothing, if it tells the network that a plan would have chosen by now, or none.
    fn hear(&mut self, snapshot: &Snapshot, receipt: &CarrierReceipt, at: Timestamp) -> Option<NetworkNews> {
        if receipt.cause != Cause::Ported && (receipt.status != ReceiptStatus::Delivered || receipt.network.is_none()) {
            return None;
        }
        let number = PhoneNumber::parse(&receipt.recipient).ok()?;
        let told = receipt.network.as_deref().filter(|_| receipt.cause != Cause::Ported);
        let Some(told) = told else { return self.hear_wrong(number) };
        let by_prefix = snapshot.networks.find(&number)?;
        if *by_prefix.code == *told {
            return self.hear_wrong(number);
        }
        if self.find(&number, at) == Some(told) || snapshot.networks.find_told(&number, Some(told))? == by_prefix {
            return None;
        }
        let told = NumberNetwork { number, network: told.into(), at };
        self.put(told.clone());
        Some(NetworkNews::Told(told))
    }

    /// The network that was told is wrong.
    fn hear_wrong(&mut self, number: PhoneNumber) -> Option<NetworkNews> {
        self.remove(&number).then_some(NetworkNews::Wrong(number))
    }
}

impl Engine {
    /// The network that was told of a number, for a plan.
    pub(crate) fn network_told(&self, number: &PhoneNumber, now: Timestamp) -> Option<Box<str>> {
        let networks = self.number_networks.read().unwrap_or_else(PoisonError::into_inner);
        networks.find(number, now).map(Into::into)
    }

    /// Learns from what a carrier reports; answers what is to be stored. `refused`: the part's recipient, where it was refused.
    pub(crate) fn hear_network(&self, event: &CarrierEvent, refused: Option<&Elsewhere>) -> Option<Op> {
        let networks = || self.number_networks.write().unwrap_or_else(PoisonError::into_inner);
        let news = match event {
            CarrierEvent::Receipt { receipt, at, .. }
                if receipt.network.is_some() || receipt.cause == Cause::Ported =>
            {
                networks().hear(&self.snapshot(), receipt, *at)
            }
            CarrierEvent::Refused { error, .. } if is_wrong_network(error) => {
                networks().hear_wrong(refused?.recipient.clone())
            }
            _ => None,
        };
        news.map(Op::Network)
    }
}

/// Whether a carrier says that the number is in another network than it serves.
pub(crate) const fn is_wrong_network(error: &CarrierError) -> bool {
    matches!(error, CarrierError::Permanent { cause: Cause::Ported, .. })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use whimbrel_core::{Networks, Prices, Span};

    use super::*;

    const NUMBER: &str = "84901234567";

    fn snapshot() -> Snapshot {
        let networks = "prefix,mccmnc,country,name\n8490,45201,VN,One\n8491,45202,VN,Two\n447,23410,GB,Three\n";
        Snapshot {
            epoch: 1,
            networks: Arc::new(Networks::parse(networks).expect("good")),
            prices: Arc::new(Prices::default()),
            routes: Vec::new(),
            test_carrier: None,
        }
    }

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::parse(digits).expect("a number")
    }

    fn receipt(status: ReceiptStatus, cause: Cause, network: Option<&str>) -> CarrierReceipt {
        CarrierReceipt {
            keys: Vec::new(),
            raw_id: "".into(),
            status,
            cause,
            code: "".into(),
            recipient: NUMBER.into(),
            network: network.map(Into::into),
        }
    }

    fn delivered(network: &str) -> CarrierReceipt {
        receipt(ReceiptStatus::Delivered, Cause::None, Some(network))
    }

    #[test]
    fn what_a_receipt_tells_counts_until_it_is_old_or_wrong() {
        let (mut networks, snapshot, at) = (NumberNetworks::default(), snapshot(), Timestamp(1));
        let is_told = |news: Option<NetworkNews>| matches!(news, Some(NetworkNews::Told(_)));
        let is_wrong = |news: Option<NetworkNews>| matches!(news, Some(NetworkNews::Wrong(_)));
        assert!(networks.hear(&snapshot, &delivered("45201"), at).is_none(), "the prefix says so");
        assert!(is_told(networks.hear(&snapshot, &delivered("45202"), at)));
        assert!(networks.hear(&snapshot, &delivered("45202"), at).is_none(), "known");
        let last = at + NETWORK_KEPT - Span(1);
        assert_eq!(networks.find(&number(NUMBER), last), Some("45202"));
        assert_eq!(networks.find(&number(NUMBER), at + NETWORK_KEPT), None);
        assert!(is_told(networks.hear(&snapshot, &delivered("45202"), at + NETWORK_KEPT)), "old: told anew");
        // It moved back.
        assert!(is_wrong(networks.hear(&snapshot, &delivered("45201"), at)));
        assert_eq!(networks.find(&number(NUMBER), at), None);
        // The carrier says that it is elsewhere, and what it names besides does not count.
        assert!(is_told(networks.hear(&snapshot, &delivered("45202"), at)));
        assert!(is_wrong(networks.hear(&snapshot, &receipt(ReceiptStatus::Failed, Cause::Ported, Some("45202")), at)));
        assert!(networks.hear(&snapshot, &receipt(ReceiptStatus::Failed, Cause::Ported, None), at).is_none());
    }

    #[test]
    fn what_makes_no_sense_teaches_nothing() {
        let (mut networks, snapshot, at) = (NumberNetworks::default(), snapshot(), Timestamp(1));
        for heard in [
            delivered("23410"),
            delivered("99999"),
            receipt(ReceiptStatus::Failed, Cause::Unreachable, Some("45202")),
            receipt(ReceiptStatus::Buffered, Cause::None, Some("45202")),
            CarrierReceipt { recipient: "".into(), ..delivered("45202") },
            CarrierReceipt { recipient: "999".into(), ..delivered("45202") },
        ] {
            assert!(networks.hear(&snapshot, &heard, at).is_none(), "{heard:?}");
        }
        assert!(networks.by_number.is_empty() && networks.by_age.is_empty());
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let told = |at: i64| NumberNetwork {
            number: number(&format!("{}", 84_900_000_000 + at)),
            network: "45202".into(),
            at: Timestamp(at),
        };
        let count = NUMBER_NETWORKS_MAX as i64;
        let mut networks = NumberNetworks::new((0..=count).map(told).collect());
        // The same number again takes no place of another.
        networks.put(told(count));
        let is_known = |at: i64| networks.find(&told(at).number, Timestamp(count)).is_some();
        assert_eq!((is_known(0), is_known(1), is_known(count)), (false, true, true));
        assert_eq!((networks.by_number.len(), networks.by_age.len()), (NUMBER_NETWORKS_MAX, NUMBER_NETWORKS_MAX));
    }
}
