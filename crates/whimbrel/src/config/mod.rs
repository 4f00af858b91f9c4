//! The configuration: read from layers, checked as a whole, and typed.
//!
//! Layers are the defaults of the table of settings, the profile of `--dev`, files, the environment and the command line; later
//! ones win. [`load`] is pure: texts, environment and a way to read secrets are handed in. All faults are reported at once,
//! each with its setting, its value, where it was set and what to do. Every value that is left can be relied upon.

mod carrier;
mod compare;
mod error;
mod explain;
mod json_schema;
mod keys;
mod layer;
mod print;
mod read;
mod route;
mod schema;
mod settings;
mod smpp;
mod value;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use whimbrel_core::{SourceNetwork, Span};
use whimbrel_dialects::address::Addresses;
use whimbrel_dialects::claim::{Compat, KeyWindow};
use whimbrel_dialects::standard::StandardHeaders;
use whimbrel_dialects::{RefusalWords, Wording};
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::ports::NewUrls;
use whimbrel_engine::retention::Retention;
use whimbrel_engine::tape::TapeBounds;

pub use carrier::{Carrier, CarrierKind};
pub use compare::{CarrierChange, Changed, Changes, RouteChange};
pub use error::{ConfigError, ConfigErrors, Fault, Origin};
pub use explain::{ExplainError, Explained};
pub use json_schema::json_schema;
pub use print::{Origins, Secrets, default_file, reference};
pub use read::{Source, read_config_file, read_config_files, read_secret_file};
pub use route::Route;
pub use schema::Reload;
pub use settings::Shown;
pub use smpp::{
    Concat, DefaultAlphabet, IdFormat, NameAlphabet, Receipts, SmppAddresses, SmppBind, SmppCarrier, SmppText, SmppTls,
    SmppTlvs, StatusClass, TextErrors, TlsVerify, TonNpi, Validity, WrittenNumber,
};

use crate::api::SignUpRules;
use crate::egress::{AllowedHost, EgressLimits, EgressPolicy, Reach, RequestLimits};
use crate::server::HttpLimits;
use crate::telemetry::LogFormat;
use layer::{from_env, from_flags, from_toml};
use settings::Settings;

/// Each is tried with a signature that covers the address.
const PUBLIC_URLS_MAX: usize = 8;

const DEV_FILE: &str = include_str!("dev.toml");

/// For what a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For real.
    Production,
    /// `--dev`: everything stays on this machine.
    Development,
}

/// What a configuration is made from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// For what the process runs.
    pub profile: Profile,
    /// The files' names and texts. Later ones win; their routes come after those of earlier ones.
    pub files: &'a [(String, String)],
    /// The whole environment.
    pub env: &'a [(String, String)],
    /// What the command line sets: paths (`listen.http`) and values.
    pub flags: &'a [(String, String)],
    /// Reads the file that a `password_file` names.
    pub read_secret: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// A configuration that holds together.
#[derive(Debug, Clone)]
pub struct Config {
    /// For what the process runs.
    pub profile: Profile,
    /// Where it listens.
    pub listen: Listen,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Files that replace built-in tables.
    pub tables: Tables,
    /// Who may call.
    pub auth: Auth,
    /// What owners of accounts may do.
    pub portal: Portal,
    /// Bounds of each HTTP listener.
    pub http_limits: HttpLimits,
    /// How long things are kept.
    pub retention: Retention,
    /// How far clients that sign otherwise than documented are understood.
    pub compat: Compat,
    /// How far off time stamps of signatures beside keys may be.
    pub key_window: KeyWindow,
    /// How answers are worded.
    pub wording: Wording,
    /// Logs.
    pub log: Log,
    /// Outgoing HTTP.
    pub egress: EgressConfig,
    /// Whether webhooks carry the headers of Standard Webhooks.
    pub standard_headers: StandardHeaders,
    /// How much is kept of what went over the wires.
    pub tape: TapeBounds,
    /// Carriers, by name.
    pub carriers: Vec<Carrier>,
    /// Routes, in the file's order.
    pub routes: Vec<Route>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
    /// All settings for people.
    pub shown: Vec<Shown>,
}

/// Where a process listens. `None` is "off".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// HTTP.
    pub http: Option<SocketAddr>,
    /// HTTPS.
    pub https: Option<SocketAddr>,
    /// The simulated carrier.
    pub simulator: Option<SocketAddr>,
    /// Names in the local authority's certificate.
    pub tls_names: Vec<String>,
    /// By which addresses clients call, if the operator says so.
    pub public_urls: Vec<Box<str>>,
    /// The operator's own certificate chain and key.
    pub tls_files: Option<(PathBuf, PathBuf)>,
}

impl Listen {
    /// The addresses for which signatures count.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let bound = [self.http, self.https].into_iter().flatten().map(|addr| addr.ip());
        let bound = bound.filter(|address| !address.is_unspecified()).map(|address| address.to_string().into());
        let names = self.tls_names.iter().map(|name| name.as_str().into()).chain(bound);
        Addresses::public(self.public_urls.clone()).with_local(names)
    }
}

/// Files that replace built-in tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Networks by prefix.
    pub networks: Option<PathBuf>,
    /// Numbers that moved.
    pub ported: Option<PathBuf>,
    /// Prices.
    pub prices: Option<PathBuf>,
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Proxies whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<SourceNetwork>,
    /// How often keys and sources may fail.
    pub failure_rules: FailureRules,
}

/// What owners of accounts may do by the native API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portal {
    /// How many accounts are made by their owners; none unless it is switched on.
    pub sign_up_rules: SignUpRules,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Which lines.
    pub filter: String,
    /// How they look.
    pub format: LogFormat,
}

/// Outgoing HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressConfig {
    /// What may be called.
    pub policy: EgressPolicy,
    /// A PEM file of authorities to trust.
    pub extra_ca: Option<PathBuf>,
    /// What becomes of URLs that customers set.
    pub new_urls: NewUrls,
    /// Bounds of all calls.
    pub limits: EgressLimits,
    /// Bounds of one call.
    pub request_limits: RequestLimits,
}

impl Config {
    /// In `--dev`, points the carrier at the simulator once its port is known.
    pub fn point_to_simulator(&mut self, addr: SocketAddr) {
        if self.profile == Profile::Development {
            for carrier in &mut self.carriers {
                let CarrierKind::Smpp(smpp) = &mut carrier.kind;
                smpp.host = addr.ip().to_string();
                smpp.port = addr.port();
            }
        }
    }
}

/// Makes a configuration.
///
/// # Errors
/// All faults that were found.
pub fn load(inputs: &Inputs<'_>) -> Result<Config, ConfigErrors> {
    let (layers, errors) = layers(inputs).map_err(ConfigErrors)?;
    let mut settings = Settings::of(layers, errors);
    let mut warnings = Vec::new();
    let listen = listen(&mut settings, inputs.profile);
    let carriers = carrier::carriers(&mut settings, inputs, &mut warnings);
    let routes = route::routes(&mut settings);
    if inputs.profile == Profile::Development {
        only_the_simulator(&mut settings);
    } else if carriers.is_empty() {
        warnings.push("there is no carrier: every message will be refused; add a [carriers.NAME] section".to_owned());
    }
    let config = Config {
        profile: inputs.profile,
        listen,
        data_dir: data_dir(&mut settings, inputs),
        tables: Tables {
            networks: path(&settings, "tables.networks"),
            ported: path(&settings, "tables.ported"),
            prices: path(&settings, "tables.prices"),
        },
        auth: auth(&mut settings),
        portal: portal(&settings),
        http_limits: http_limits(&settings),
        retention: retention(&settings),
        compat: if settings.flag("signing.compat") { Compat::On } else { Compat::Off },
        key_window: key_window(&settings),
        wording: wording(&mut settings),
        log: log(&mut settings),
        egress: egress(&mut settings, inputs.profile),
        standard_headers: match settings.flag("webhooks.standard_headers") {
            true => StandardHeaders::Added,
            false => StandardHeaders::Omitted,
        },
        tape: tape(&settings),
        carriers,
        routes,
        warnings,
        shown: settings.shown(),
    };
    if settings.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(settings.errors)) }
}

fn key_window(settings: &Settings) -> KeyWindow {
    let seconds = |path: &str| u32::try_from(settings.time(path).as_secs()).unwrap_or(u32::MAX);
    KeyWindow { past_seconds: seconds("signing.age"), future_seconds: seconds("signing.ahead") }
}

fn wording(settings: &mut Settings) -> Wording {
    let refusals = match settings.flag("answers.verbose_errors") {
        true => RefusalWords::Verbose,
        false => RefusalWords::Code,
    };
    let deposit_url: Option<Box<str>> = settings.text("answers.deposit_url").map(Box::from);
    if let Some(url) = &deposit_url
        && !["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
    {
        let problem = format!("`{url}` is no http or https URL");
        settings.fault(Fault::Value, "answers.deposit_url", problem, "give one such as https://pay.example.com/");
    }
    Wording { refusals, deposit_url }
}

/// The settings of each layer, the last on top, and the faults of what could not be taken.
type Layers = (Vec<Vec<layer::Setting>>, Vec<ConfigError>);

/// All layers with the faults of what could not be taken. If a file is not TOML, only what the layers themselves tell: the rest
/// would be faults that come of it.
fn layers(inputs: &Inputs<'_>) -> Result<Layers, Vec<ConfigError>> {
    let mut layers = Vec::new();
    let mut is_broken = false;
    if inputs.profile == Profile::Development {
        layers.push(from_toml(DEV_FILE, &|_| Origin::Development).map_err(|error| vec![error])?);
    }
    let mut files = layer::Layer::default();
    for (name, text) in inputs.files {
        match from_toml(text, &|line| Origin::File { name: name.clone(), line }) {
            Ok(layer) => files.append(layer),
            Err(error) => {
                is_broken = true;
                files.errors.push(error);
            }
        }
    }
    let paths = files.settings.iter().filter_map(|setting| setting.path.strip_prefix("carriers."));
    let carriers: Vec<_> = paths.filter_map(|rest| rest.split('.').next()).map(str::to_owned).collect();
    layers.extend([files, from_env(inputs.env, &carriers), from_flags(inputs.flags)]);
    let errors: Vec<_> = layers.iter_mut().flat_map(|layer| std::mem::take(&mut layer.errors)).collect();
    let settings = layers.into_iter().map(|layer| layer.settings).collect();
    if is_broken { Err(errors) } else { Ok((settings, errors)) }
}

fn listen(settings: &mut Settings, profile: Profile) -> Listen {
    let names = ["listen.http", "listen.https", "listen.simulator"];
    let [http, https, simulator] = names.map(|name| settings.address(name));
    let is_faulty = |settings: &Settings, name: &str| settings.is_faulty(name);
    if http.is_none() && https.is_none() && !is_faulty(settings, names[0]) && !is_faulty(settings, names[1]) {
        settings.fault(
            Fault::Conflict,
            "listen.http",
            "both HTTP and HTTPS are off",
            "give one of listen.http and listen.https an address",
        );
    }
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        let [a, b] = [first, second].map(|index| settings.address(names[index]));
        if let (Some(a), Some(b)) = (a, b)
            && a == b
            && a.port() != 0
        {
            settings.fault(
                Fault::Conflict,
                names[second],
                format!("{b} is also {}", names[first]),
                "choose another port",
            );
        }
    }
    if profile == Profile::Development {
        for name in names {
            if let Some(addr) = settings.address(name)
                && !addr.ip().is_loopback()
            {
                let problem = format!("{addr} can be reached from other machines, and --dev has known credentials");
                settings.fault(
                    Fault::Profile,
                    name,
                    problem,
                    "use a loopback address, 127.0.0.1 or [::1], or run without --dev",
                );
            }
        }
    }
    if profile == Profile::Production && simulator.is_some() {
        settings.fault(
            Fault::Profile,
            "listen.simulator",
            "the built-in simulator runs with --dev only",
            "set it to off, or run `whimbrel sim` beside the gateway",
        );
    }
    let tls_names = settings.list("listen.tls_names");
    if tls_names.is_empty() {
        settings.missing("listen.tls_names", "there is no name", "name at least localhost");
    }
    let public_urls = public_urls(settings);
    let (certificate, key) = (path(settings, "listen.tls_certificate"), path(settings, "listen.tls_key"));
    if certificate.is_some() != key.is_some() {
        let missing = if key.is_some() { "listen.tls_certificate" } else { "listen.tls_key" };
        settings.missing(missing, "it is missing", "give both the certificate and its key, or neither");
    }
    Listen { http, https, simulator, tls_names, public_urls, tls_files: certificate.zip(key) }
}

fn public_urls(settings: &mut Settings) -> Vec<Box<str>> {
    let name = "listen.public_urls";
    let urls = settings.list(name);
    let is_url = |url: &str| {
        url.parse::<http::Uri>().is_ok_and(|uri| {
            let has_host = uri.authority().is_some_and(|authority| !authority.host().is_empty());
            matches!(uri.scheme_str(), Some("http" | "https"))
                && has_host
                && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
                && uri.query().is_none()
        })
    };
    if let Some(wrong) = urls.iter().find(|url| !is_url(url)) {
        let remedy = "write a scheme and a name, such as https://sms.example.com, with the path before all others if there is one";
        settings.fault(Fault::Value, name, format!("{wrong:?} is no address of a server"), remedy);
    }
    if urls.len() > PUBLIC_URLS_MAX {
        let problem = format!("there are {}", urls.len());
        settings.fault(Fault::Value, name, problem, format!("name {PUBLIC_URLS_MAX} at most: each is tried"));
    }
    urls.into_iter().map(String::into_boxed_str).collect()
}

/// `--dev` speaks to its simulator and to nobody else.
fn only_the_simulator(settings: &mut Settings) {
    for section in ["carriers", "routes"] {
        for name in settings.names(section) {
            let path = format!("{section}.{name}");
            if !settings.is_compiled_in(&path) {
                settings.fault(
                    Fault::Profile,
                    &path,
                    "--dev has its simulator as the only carrier",
                    "remove this or run without --dev",
                );
            }
        }
    }
    if settings.address("listen.simulator").is_none() {
        settings.missing("listen.simulator", "--dev needs its simulator", "give it an address, like 127.0.0.1:0");
    }
}

fn data_dir(settings: &mut Settings, inputs: &Inputs<'_>) -> PathBuf {
    if let Some(path) = path(settings, "data.dir") {
        return path;
    }
    let variable = |name: &str| {
        let value = inputs.env.iter().find(|(candidate, value)| candidate == name && !value.is_empty());
        value.map(|(_, value)| PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    let name = match inputs.profile {
        Profile::Production => "whimbrel",
        Profile::Development => "whimbrel-dev",
    };
    // systemd's folder is this service's alone.
    let of_service = variable("STATE_DIRECTORY").filter(|_| inputs.profile == Profile::Production);
    let of_user = || variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")));
    match of_service.or_else(|| of_user().map(|folder| folder.join(name))) {
        Some(path) => path,
        None => {
            settings.missing("data.dir", "neither it nor $XDG_STATE_HOME nor $HOME is set", "give it with --data-dir");
            PathBuf::new()
        }
    }
}

fn http_limits(settings: &Settings) -> HttpLimits {
    HttpLimits {
        connections_max: settings.number("limits.connections"),
        head_bytes_max: settings.number("limits.head_bytes"),
        body_bytes_max: settings.number("limits.body_bytes"),
        head_time_max: settings.time("limits.head_time"),
        body_time_max: settings.time("limits.body_time"),
        idle_time_max: settings.time("limits.idle_time"),
        write_stall_max: settings.time("limits.write_stall_time"),
        handshake_time_max: settings.time("limits.handshake_time"),
        drain_time_max: settings.time("limits.drain_time"),
    }
}

/// Where texts are not kept at all, nothing that shows them is.
fn tape(settings: &Settings) -> TapeBounds {
    match settings.time("retention.texts").is_zero() {
        true => TapeBounds::default(),
        false => TapeBounds { entries_max: settings.number("tape.entries"), bytes_max: settings.number("tape.bytes") },
    }
}

fn retention(settings: &Settings) -> Retention {
    let span = |path| Span(i64::try_from(settings.time(path).as_micros()).unwrap_or(i64::MAX));
    Retention { texts: Some(span("retention.texts")), messages: Some(span("retention.messages")) }
}

fn auth(settings: &mut Settings) -> Auth {
    let mut trusted_proxies = Vec::new();
    for text in settings.list("auth.trusted_proxies") {
        match text.parse() {
            Ok(network) => trusted_proxies.push(network),
            Err(_) => settings.fault(
                Fault::Value,
                "auth.trusted_proxies",
                format!("{text:?} is no network"),
                "write an address such as 10.0.0.7, or a network such as 10.0.0.0/8 with zeros behind its prefix",
            ),
        }
    }
    let failure_rules = FailureRules {
        per_key_max: settings.number("auth.failures_per_key"),
        per_source_max: settings.number("auth.failures_per_source"),
    };
    Auth { trusted_proxies, failure_rules }
}

fn portal(settings: &Settings) -> Portal {
    let sign_up_rules = match settings.flag("portal.sign_up") {
        true => SignUpRules {
            per_day_max: settings.number("portal.sign_ups_per_day"),
            per_source_max: settings.number("portal.sign_ups_per_source"),
        },
        false => SignUpRules::default(),
    };
    Portal { sign_up_rules }
}

fn log(settings: &mut Settings) -> Log {
    let format = match settings.text("log.format") {
        Some("human") => LogFormat::Human,
        Some("json") => LogFormat::Json,
        _ => LogFormat::Auto,
    };
    let filter = settings.text("log.filter").unwrap_or("info").to_owned();
    if let Err(error) = crate::telemetry::check_filter(&filter) {
        settings.fault(
            Fault::Value,
            "log.filter",
            format!("{filter:?} is no filter: {error}"),
            "write a level, or target=level,...",
        );
    }
    Log { filter, format }
}

fn egress(settings: &mut Settings, profile: Profile) -> EgressConfig {
    let mut allowed_hosts = Vec::new();
    for host in settings.list("egress.allow_hosts") {
        match AllowedHost::parse(&host) {
            Ok(host) => allowed_hosts.push(host),
            Err(_) => settings.fault(
                Fault::Value,
                "egress.allow_hosts",
                format!("{host:?} is not a host"),
                "write a name, an address, or *. and a name, without scheme, port and path",
            ),
        }
    }
    let reach = match profile {
        Profile::Production => Reach::Public,
        Profile::Development => Reach::Local,
    };
    let answer_time_max: Duration = settings.time("egress.answer_time");
    EgressConfig {
        policy: EgressPolicy { reach, allowed_hosts },
        extra_ca: path(settings, "egress.extra_ca"),
        new_urls: if settings.flag("egress.test_new_urls") { NewUrls::Tested } else { NewUrls::Taken },
        limits: EgressLimits {
            calls_max: settings.number("egress.calls"),
            calls_per_host_max: settings.number("egress.calls_per_host"),
            connect_time_max: settings.time("egress.connect_time"),
            ..EgressLimits::default()
        },
        request_limits: RequestLimits { answer_time_max, answer_bytes_max: settings.number("egress.answer_bytes") },
    }
}

fn path(settings: &Settings, name: &str) -> Option<PathBuf> {
    settings.text(name).map(PathBuf::from)
}
