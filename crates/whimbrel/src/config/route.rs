//! Routes as the configuration names them, read from the settings.

use super::error::Fault;
use super::schema::nearest_of;
use super::settings::Settings;

/// Digits of a prefix: no number is longer.
const PREFIX_DIGITS_MAX: usize = 15;
/// Characters of a network's code.
const NETWORK_LENGTH_MAX: usize = 16;
/// Carriers of one route.
const CARRIERS_MAX: usize = 16;

/// Which numbers go to which carriers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The operator's name for it.
    pub name: String,
    /// The first digits; empty for every number.
    pub prefix: String,
    /// Codes of the networks that it is for, each once; empty for all.
    pub networks: Vec<String>,
    /// The carriers' names in the order of preference; at least one, each once.
    pub carriers: Vec<String>,
}

/// Reads all routes and checks that each leads somewhere and no two are alike.
pub(super) fn routes(settings: &mut Settings) -> Vec<Route> {
    let known = settings.names("carriers");
    let mut routes: Vec<Route> = Vec::new();
    for index in settings.names("routes") {
        let at = |field: &str| format!("routes.{index}.{field}");
        let name = settings.needed_text(&at("name"));
        let prefix = prefix(settings, &at("prefix"));
        if routes.iter().any(|route| route.name == name && !name.is_empty()) {
            let problem = format!("{name:?} is the name of another route");
            settings.fault(Fault::Conflict, &at("name"), problem, "choose another name");
        }
        let networks = networks(settings, &at("networks"));
        let overlaps = |route: &Route| {
            let both_for_all = route.networks.is_empty() && networks.is_empty();
            both_for_all || route.networks.iter().any(|code| networks.contains(code))
        };
        if let Some(other) = routes.iter().find(|route| route.prefix == prefix && overlaps(route)) {
            let problem = format!("{prefix:?} is the prefix of route {:?} too", other.name);
            settings.fault(Fault::Conflict, &at("prefix"), problem, "remove one of the two");
        }
        let carriers = carriers(settings, &index, &known);
        routes.push(Route { name, prefix, networks, carriers });
    }
    if routes.is_empty() && !known.is_empty() {
        let remedy = "add a [[routes]] section with name, prefix and carrier";
        settings.missing("routes", "there are carriers but no route", remedy);
    }
    routes
}

fn prefix(settings: &mut Settings, path: &str) -> String {
    let written = settings.text(path).unwrap_or_default().to_owned();
    let prefix = written.strip_prefix('+').unwrap_or(&written).to_owned();
    if prefix.len() > PREFIX_DIGITS_MAX || !prefix.bytes().all(|octet| octet.is_ascii_digit()) {
        let remedy = "write up to 15 digits, country code first, or nothing for every number";
        settings.fault(Fault::Value, path, format!("{written:?} is no prefix"), remedy);
    }
    prefix
}

fn networks(settings: &mut Settings, path: &str) -> Vec<String> {
    let networks = settings.list(path);
    for (place, code) in networks.iter().enumerate() {
        if code.is_empty() || code.len() > NETWORK_LENGTH_MAX {
            let remedy = "write a mobile country and network code, such as 45201";
            settings.fault(Fault::Value, path, format!("{code:?} is no network"), remedy);
        } else if networks[..place].contains(code) {
            settings.fault(Fault::Conflict, path, format!("{code:?} stands twice"), "name each network once");
        }
    }
    networks
}

/// The carriers of a route, from whichever of the two settings is given.
fn carriers(settings: &mut Settings, index: &str, known: &[String]) -> Vec<String> {
    let (one, many) = (format!("routes.{index}.carrier"), format!("routes.{index}.carriers"));
    let single = settings.text(&one).map(str::to_owned);
    let list = settings.list(&many);
    let (path, carriers) = match (single, list.is_empty()) {
        (Some(_), false) => {
            settings.fault(Fault::Conflict, &many, "there is carrier too", "give one of carrier and carriers");
            return list;
        }
        (Some(name), true) => (one, vec![name]),
        (None, false) => (many, list),
        (None, true) => {
            if !settings.is_faulty(&many) {
                settings.missing(&one, "it is missing", "give it a value, or give carriers");
            }
            return list;
        }
    };
    if carriers.len() > CARRIERS_MAX {
        settings.fault(Fault::Value, &path, "there are too many", format!("name up to {CARRIERS_MAX} carriers"));
    }
    for (place, name) in carriers.iter().enumerate() {
        if carriers[..place].contains(name) {
            settings.fault(Fault::Conflict, &path, format!("{name:?} stands twice"), "name each carrier once");
        } else if !known.contains(name) {
            let remedy = match nearest_of(name, known.iter().cloned()) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("add a section [carriers.{name}]"),
            };
            settings.fault(Fault::Reference, &path, format!("there is no carrier {name:?}"), remedy);
        }
    }
    carriers
}
