//! Carriers and routes of the configuration, as the engine takes them.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use whimbrel_carriers::Carrier as RunningCarrier;
use whimbrel_carriers::smpp::{self, SmppConfig};
use whimbrel_core::plan::{Route, RouteCarrier};
use whimbrel_core::{CarrierEvent, CarrierId, Networks, Prices, Snapshot, World};
use whimbrel_engine::carriers::{CarrierDesk, CarrierRules};
use whimbrel_engine::dispatch::Pace;
use whimbrel_engine::tape::Tape;
use whimbrel_store::{Op, OpResult, Store};

use super::link::link;
use super::{GatewayError, While};
use crate::config::{Carrier, CarrierKind, Config, read_config_file};

/// The tables that are built in.
const NETWORKS: &str = include_str!("../../../../data/networks.csv");
const PORTED: &str = include_str!("../../../../data/ported.csv");
const PRICES: &str = include_str!("../../../../data/prices.csv");

/// The carrier that takes what is sent with test keys.
const TEST_CARRIER: &str = "simulator";

/// A carrier of the configuration with its number.
pub(super) struct ConfiguredCarrier {
    pub(super) id: CarrierId,
    pub(super) name: Box<str>,
    pub(super) rules: CarrierRules,
    smpp: SmppConfig,
}

impl ConfiguredCarrier {
    /// The carrier's place, with nothing behind it yet.
    pub(super) fn desk(&self) -> Arc<CarrierDesk> {
        Arc::new(CarrierDesk::new(self.id, self.name.clone(), self.rules))
    }

    /// Starts it: its events go to the channel.
    pub(super) fn start(
        self,
        desk: &CarrierDesk,
        events: mpsc::Sender<CarrierEvent>,
        world: Arc<dyn World>,
        tape: Arc<Tape>,
    ) -> Arc<dyn RunningCarrier> {
        smpp::start_watched(self.smpp, self.id, Arc::clone(&desk.links), events, world, tape)
    }
}

/// A carrier with its number, checked.
///
/// # Errors
/// What cannot be used, and what to do.
pub(super) fn configured(id: CarrierId, carrier: &Carrier) -> Result<ConfiguredCarrier, String> {
    let CarrierKind::Smpp(smpp) = &carrier.kind;
    Ok(ConfiguredCarrier {
        id,
        name: carrier.name.as_str().into(),
        rules: CarrierRules {
            doubt: carrier.doubt,
            pace: Pace { parts_per_second_max: carrier.rate.unwrap_or(0) },
            down_grace: carrier.link_down_grace,
        },
        smpp: link(&carrier.name, smpp)?,
    })
}

/// Gives every carrier its number.
pub(super) fn name_carriers(store: &dyn Store, carriers: &[Carrier]) -> Result<Vec<ConfiguredCarrier>, GatewayError> {
    let names: Vec<Op> =
        carriers.iter().map(|carrier| Op::NameCarrier { name: carrier.name.as_str().into() }).collect();
    let ids = store.commit(&names).when("cannot write the store")?;
    let named = carriers.iter().zip(ids).map(|(carrier, id)| {
        let OpResult::Carrier(id) = id else {
            return Err(format!("the store gave carrier `{}` no number: report this as a bug", carrier.name));
        };
        configured(id, carrier)
    });
    named.collect::<Result<_, String>>().when("cannot set up the carriers")
}

/// Networks, prices and routes, the longest prefix first.
pub(super) fn snapshot(config: &Config, carriers: &[ConfiguredCarrier], epoch: u32) -> Result<Snapshot, GatewayError> {
    let (networks, prices) = tables(config)?;
    let found = |name: &String| {
        let carrier = carriers.iter().find(|carrier| *carrier.name == **name)?;
        let slack = carrier.smpp.part_form().slack_octets;
        Some(RouteCarrier { id: carrier.id, reference_width: carrier.smpp.reference_width(), part_slack: slack })
    };
    let mut routes: Vec<Route> = config
        .routes
        .iter()
        .map(|route| Route {
            name: route.name.as_str().into(),
            prefix: route.prefix.as_str().into(),
            networks: route.networks.iter().map(|code| code.as_str().into()).collect(),
            carriers: route.carriers.iter().filter_map(found).collect(),
        })
        .collect();
    routes.sort_by_key(|route| (std::cmp::Reverse(route.prefix.len()), route.networks.is_empty()));
    // By its name: whoever gives a carrier this name says that it reaches no handset.
    let test_carrier = found(&TEST_CARRIER.to_owned());
    Ok(Snapshot { epoch, networks: Arc::new(networks), prices: Arc::new(prices), routes, test_carrier })
}

/// A digest of what the files that a carrier names hold now: a certificate that was renewed in its place is a change.
pub(super) fn files_digest(carrier: &Carrier) -> [u8; 32] {
    let CarrierKind::Smpp(smpp) = &carrier.kind;
    let mut digest = Sha256::new();
    let client = |tls: &crate::config::SmppTls| tls.client.clone().map(|(chain, key)| [chain, key]);
    if let Some(tls) = &smpp.tls {
        for path in tls.ca.iter().cloned().chain(client(tls).into_iter().flatten()) {
            // One that cannot be read is found when the carrier is set up.
            let octets = std::fs::read(&path).unwrap_or_default();
            digest.update((octets.len() as u64).to_be_bytes());
            digest.update(&octets);
        }
    }
    digest.finalize().into()
}

/// Says whether every carrier can be set up: what only files tell is read, nothing is started.
pub(super) fn check_carriers(config: &Config) -> Result<(), String> {
    config.carriers.iter().try_for_each(|carrier| configured(CarrierId(0), carrier).map(|_| ()))
}

/// The operator's tables, or those that are built in.
pub(super) fn tables(config: &Config) -> Result<(Networks, Prices), GatewayError> {
    let text = |path: &Option<std::path::PathBuf>, built_in: &str| match path {
        Some(path) => read_config_file(path).when("cannot use a table"),
        None => Ok(built_in.to_owned()),
    };
    let networks =
        Networks::parse(&text(&config.tables.networks, NETWORKS)?).when("cannot use the table of networks")?;
    let ported = text(&config.tables.ported, PORTED)?;
    let networks = networks.with_ported(&ported).when("cannot use the table of ported numbers")?;
    let prices = Prices::parse(&text(&config.tables.prices, PRICES)?).when("cannot use the table of prices")?;
    Ok((networks, prices))
}
