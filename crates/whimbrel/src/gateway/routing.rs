//! Carriers and routes of the configuration, as the engine takes them.

use std::sync::Arc;

use tokio::sync::mpsc;
use whimbrel_carriers::smpp::{self, BindMode, SmppConfig, ValidityForm};
use whimbrel_core::plan::Route;
use whimbrel_core::{CarrierEvent, Networks, Prices, Snapshot, Span, World};
use whimbrel_engine::carriers::CarrierDesk;
use whimbrel_engine::dispatch::Pace;
use whimbrel_store::{Op, OpResult, Store};

use super::{GatewayError, While};
use crate::config::{Carrier, CarrierKind, Config, SmppBind, SmppCarrier, Validity, read_config_file};

/// The tables that are built in.
const NETWORKS: &str = include_str!("../../../../data/networks.csv");
const PRICES: &str = include_str!("../../../../data/prices.csv");

/// A carrier of the configuration with its desk.
pub(super) struct ConfiguredCarrier {
    pub(super) desk: Arc<CarrierDesk>,
    smpp: SmppConfig,
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
        let CarrierKind::Smpp(smpp) = &carrier.kind;
        let pace = Pace { parts_per_second_max: carrier.rate_per_second.unwrap_or(0) };
        let desk = Arc::new(CarrierDesk::new(id, carrier.name.as_str().into(), carrier.doubt, pace));
        Ok(ConfiguredCarrier { desk, smpp: link(&carrier.name, smpp) })
    });
    named.collect::<Result<_, String>>().when("cannot set up the carriers")
}

fn link(name: &str, smpp: &SmppCarrier) -> SmppConfig {
    let span = |time: std::time::Duration| Span(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
    let mut link = SmppConfig::new(name, &smpp.host, smpp.port, &smpp.system_id, smpp.password.clone());
    link.system_type = smpp.system_type.as_str().into();
    link.bind = match smpp.bind {
        SmppBind::Transceiver => BindMode::Transceiver,
    };
    link.window_max = smpp.window_max;
    link.response_timeout = span(smpp.response_timeout);
    link.enquire_interval = span(smpp.enquire_interval);
    link.enquire_timeout = span(smpp.enquire_timeout);
    link.service_type = smpp.service_type.as_str().into();
    link.validity = match smpp.validity {
        Validity::Relative => ValidityForm::Relative,
        Validity::Never => ValidityForm::Never,
    };
    let forms = &mut link.addresses;
    for form in [&mut forms.sender_name, &mut forms.sender_number, &mut forms.sender_short_code] {
        form.ton = smpp.source_ton.unwrap_or(form.ton);
        form.npi = smpp.source_npi.unwrap_or(form.npi);
    }
    forms.recipient.ton = smpp.dest_ton.unwrap_or(forms.recipient.ton);
    forms.recipient.npi = smpp.dest_npi.unwrap_or(forms.recipient.npi);
    link
}

/// Starts every carrier; each holds a sender of the event channel until it is closed.
pub(super) fn start_carriers(
    carriers: &[ConfiguredCarrier],
    events: mpsc::Sender<CarrierEvent>,
    world: &Arc<dyn World>,
) {
    for carrier in carriers {
        let started = smpp::start(carrier.smpp.clone(), carrier.desk.id, events.clone(), Arc::clone(world));
        carrier.desk.set_carrier(started);
    }
    // The channel ends with the last carrier, and with it the settling.
    drop(events);
}

/// Networks, prices and routes, the longest prefix first.
pub(super) fn snapshot(config: &Config, carriers: &[ConfiguredCarrier]) -> Result<Snapshot, GatewayError> {
    let (networks, prices) = tables(config)?;
    let mut routes: Vec<Route> = config
        .routes
        .iter()
        .filter_map(|route| {
            let carrier = carriers.iter().find(|carrier| *carrier.desk.name == *route.carrier)?;
            Some(Route {
                name: route.name.as_str().into(),
                prefix: route.prefix.as_str().into(),
                carrier: carrier.desk.id,
            })
        })
        .collect();
    routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
    Ok(Snapshot { epoch: 1, networks: Arc::new(networks), prices: Arc::new(prices), routes })
}

/// The operator's tables, or those that are built in.
pub(super) fn tables(config: &Config) -> Result<(Networks, Prices), GatewayError> {
    let text = |path: &Option<std::path::PathBuf>, built_in: &str| match path {
        Some(path) => read_config_file(path).when("cannot use a table"),
        None => Ok(built_in.to_owned()),
    };
    let networks =
        Networks::parse(&text(&config.tables.networks, NETWORKS)?).when("cannot use the table of networks")?;
    let prices = Prices::parse(&text(&config.tables.prices, PRICES)?).when("cannot use the table of prices")?;
    Ok((networks, prices))
}
