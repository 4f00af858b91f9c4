//! Whole configurations.

use super::value::Raw;
use super::*;

const NO_ENV: &[(&str, &str)] = &[("HOME", "/home/op")];

struct Given<'a> {
    profile: Profile,
    file: Option<&'a str>,
    env: &'a [(&'a str, &'a str)],
    flags: &'a [(&'a str, &'a str)],
}

impl Default for Given<'_> {
    fn default() -> Self {
        Self { profile: Profile::Production, file: None, env: NO_ENV, flags: &[] }
    }
}

impl Given<'_> {
    fn load(&self) -> Result<Config, ConfigErrors> {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let read_secret = |path: &Path| match path.to_str() {
            Some("/run/acme") => Ok("from-file\n".to_owned()),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "cannot read it: no such file")),
        };
        load(&Inputs {
            profile: self.profile,
            file: self.file.map(|text| ("carrier.toml", text)),
            env: &own(self.env),
            flags: &own(self.flags),
            read_secret: &read_secret,
        })
    }
}

fn file(text: &str) -> Result<Config, ConfigErrors> {
    Given { file: Some(text), ..Given::default() }.load()
}

fn dev() -> Given<'static> {
    Given { profile: Profile::Development, ..Given::default() }
}

/// Asserts that the file is refused with exactly that line.
fn check(text: &str, line: &str) {
    let errors = file(text).expect_err(text).to_string();
    assert!(errors.lines().any(|error| error == line), "{line}\nnot in\n{errors}");
}

const ACME: &str = "[carriers.acme]\nkind = \"smpp\"\nhost = \"smpp.example.com\"\nsystem_id = \"us\"\npassword = \"secret\"\n\
    [[routes]]\nname = \"all\"\ncarrier = \"acme\"\n";

#[test]
fn what_the_command_line_reads_itself_is_no_setting_and_no_fault() {
    let read_by_cli =
        [include_str!("../cli/args.rs"), include_str!("../cli/client.rs"), include_str!("../cli/send.rs")];
    let names = read_by_cli.iter().flat_map(|source| source.split('"').filter(|text| text.starts_with("WHIMBREL_")));
    let env: Vec<(String, String)> = names.map(|name| (name.to_owned(), "/x".to_owned())).collect();
    assert!(env.iter().any(|(name, _)| name == "WHIMBREL_API_SECRET"), "{env:?}");
    let inputs = Inputs { profile: Profile::Development, file: None, env: &env, flags: &[], read_secret: &no_secret };
    if let Err(errors) = load(&inputs) {
        panic!("{errors}");
    }
}

fn no_secret(_: &Path) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

#[test]
fn the_default_file_is_complete_and_says_the_defaults() {
    let layer = from_toml(DEFAULT_FILE, &|_| Origin::Default).unwrap();
    // The examples of carriers and routes are commented out; without the hash they are settings too.
    let uncommented: String = DEFAULT_FILE
        .lines()
        .map(|line| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let is_setting = bare.starts_with('[')
                || bare
                    .split_once(" = ")
                    .is_some_and(|(name, _)| name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_'));
            if is_setting { format!("{bare}\n") } else { String::new() }
        })
        .collect();
    let all = from_toml(&uncommented, &|_| Origin::Default).unwrap();
    for key in schema::KEYS {
        let path = key.path.replacen("carriers.*", "carriers.acme", 1).replacen("routes.*", "routes.0", 1);
        let setting =
            all.iter().find(|setting| setting.path == path).unwrap_or_else(|| panic!("{path} is not documented"));
        assert!(key.kind.read(&setting.raw).is_ok(), "{path}");
        assert_eq!(layer.iter().any(|setting| setting.path == path), !key.path.contains('*'), "{path}");
        if let Some(default) = key.default {
            let written = match &setting.raw {
                Raw::Integer(number) => number.to_string(),
                Raw::Text(text) => text.clone(),
                other => panic!("{other:?}"),
            };
            assert_eq!(written, default, "{path}");
        }
    }
    assert_eq!(all.len(), schema::KEYS.len(), "the default file documents a setting that is none, or one twice");
    for key in schema::KEYS.iter().filter_map(|key| key.env) {
        assert!(DEFAULT_FILE.contains(&format!("({key})")) || DEFAULT_FILE.contains(&format!("({key},")), "{key}");
    }
}

#[test]
fn defaults_are_those_of_the_parts() {
    let config = Given::default().load().unwrap();
    assert_eq!(config.http_limits, HttpLimits::default());
    assert_eq!(config.egress.limits, EgressLimits::default());
    assert_eq!(config.egress.request_limits, RequestLimits::default());
    assert_eq!(config.egress.policy, EgressPolicy { reach: Reach::Public, allowed_hosts: Vec::new() });
    assert_eq!(config.data_dir, Path::new("/home/op/.local/state/whimbrel"));
    assert_eq!(config.listen.http, Some("127.0.0.1:7670".parse().unwrap()));
    assert_eq!(config.listen.simulator, None);
    assert_eq!(config.warnings.len(), 1, "no carrier is allowed, but a warning");
    let carrier = &file(ACME).unwrap().carriers[0];
    assert_eq!(carrier.doubt, whimbrel_core::part::DoubtRules::default());
    let CarrierKind::Smpp(smpp) = &carrier.kind;
    assert_eq!((smpp.port, smpp.window_max, smpp.response_timeout), (2775, 10, Duration::from_secs(60)));
}

#[test]
fn the_example_is_a_configuration() {
    let text = include_str!("../../../../examples/carrier.toml");
    assert!(text.lines().count() <= 16);
    let env = [("HOME", "/home/op"), ("ACME_PASSWORD", "hush")];
    let config = Given { file: Some(text), env: &env, ..Given::default() }.load().unwrap();
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    assert_eq!((smpp.host.as_str(), smpp.password.expose()), ("smpp.example.com", "hush"));
    let route = Route { name: "everything".to_owned(), prefix: String::new(), carrier: "acme".to_owned() };
    assert_eq!((config.routes, config.warnings), (vec![route], Vec::<String>::new()));
}

#[test]
fn later_layers_win_and_origins_are_told() {
    let text =
        format!("[listen]\nhttp = \"127.0.0.1:1\"\nhttps = \"127.0.0.1:2\"\nsimulator = \"127.0.0.1:3\"\n{ACME}");
    let env = [
        ("HOME", "/home/op"),
        ("WHIMBREL_HTTPS", "off"),
        ("WHIMBREL_SIMULATOR", "127.0.0.1:33"),
        ("WHIMBREL_CARRIERS__ACME__WINDOW", "50"),
        ("WHIMBREL_URL", "http://127.0.0.1:7670"),
        ("PATH", "/bin"),
    ];
    let flags = [("listen.simulator", "off"), ("data.dir", "/srv/w")];
    let config = Given { file: Some(&text), env: &env, flags: &flags, ..Given::default() }.load().unwrap();
    assert_eq!((config.listen.http, config.listen.https), (Some("127.0.0.1:1".parse().unwrap()), None));
    assert_eq!((config.listen.simulator, config.data_dir.as_path()), (None, Path::new("/srv/w")));
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    assert_eq!(smpp.window_max, 50);
    let shown = |path: &str| {
        let shown = config.shown.iter().find(|shown| shown.path == path).unwrap();
        format!("{} {}", shown.value, shown.origin)
    };
    assert_eq!(shown("listen.http"), "\"127.0.0.1:1\" carrier.toml:2");
    assert_eq!(shown("listen.https"), "\"off\" WHIMBREL_HTTPS");
    assert_eq!(shown("listen.simulator"), "\"off\" command line");
    assert_eq!(shown("limits.connections"), "4096 default");
    assert_eq!(shown("carriers.acme.window"), "\"50\" WHIMBREL_CARRIERS__ACME__WINDOW");
    assert_eq!(shown("carriers.acme.password"), "[secret] carrier.toml:9");
}

#[test]
fn a_hyphen_in_a_name_is_an_underscore_in_the_environment() {
    let text = ACME.replace("acme", "acme-uk");
    let env = [("HOME", "/home/op"), ("WHIMBREL_CARRIERS__ACME_UK__PORT", "3550")];
    let config = Given { file: Some(&text), env: &env, ..Given::default() }.load().unwrap();
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    assert_eq!((config.carriers.len(), smpp.port), (1, 3550));
}

#[test]
fn unknown_settings_name_their_line_and_the_nearest_known_one() {
    check(
        "[listen]\n\nhtp = \"off\"",
        "carrier.toml:3: listen.htp: there is no such setting; did you mean listen.http?",
    );
    check(
        "[lisen]\n",
        "carrier.toml:1: lisen: there is no such setting; see whimbrel config defaults for all settings",
    );
    check(
        &ACME.replace("system_id", "sytem_id"),
        "carrier.toml:4: carriers.acme.sytem_id: there is no such setting; did you mean carriers.acme.system_id?",
    );
    let env = [("HOME", "/home/op"), ("WHIMBREL_LIMITS__CONNECTION", "5")];
    let errors = Given { env: &env, ..Given::default() }.load().unwrap_err().to_string();
    assert_eq!(
        errors,
        "WHIMBREL_LIMITS__CONNECTION: limits.connection: there is no such setting; did you mean limits.connections?"
    );
    let errors = Given { flags: &[("listen.htp", "off")], ..Given::default() }.load().unwrap_err().to_string();
    assert!(errors.starts_with("command line: listen.htp: "), "{errors}");
}

#[test]
fn faulty_values_name_field_value_and_remedy() {
    check(
        "a = ",
        "carrier.toml:1: the file: it is not TOML: string values must be quoted, expected literal string; correct this line",
    );
    check(
        "[limits]\nconnections = 0",
        "carrier.toml:2: limits.connections: 0 does not fit; write a number from 1 to 1000000",
    );
    check("[limits]\nhead_time = 5", "carrier.toml:2: limits.head_time: 5 does not fit; write a time from 10ms to 1h");
    check(
        "[limits]\nhead_time = 1.5",
        "carrier.toml:2: limits.head_time: a number with a fraction does not fit; write a time from 10ms to 1h",
    );
    check(
        "[log]\nformat = \"xml\"",
        "carrier.toml:2: log.format: \"xml\" does not fit; write one of auto, human, json",
    );
    check(
        "[log]\nfilter = \"loud=x=y\"",
        "carrier.toml:2: log.filter: \"loud=x=y\" is no filter: error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5; write a level, or target=level,...",
    );
    check(
        "[egress]\nallow_hosts = [\"http://a/\"]",
        "carrier.toml:2: egress.allow_hosts: \"http://a/\" is not a host; write a name, an address, or *. and a name, without scheme, port and path",
    );
    check(
        "[listen]\nhttp = \"off\"\nhttps = \"off\"",
        "carrier.toml:2: listen.http: both HTTP and HTTPS are off; give one of listen.http and listen.https an address",
    );
    check(
        "[listen]\nhttps = \"127.0.0.1:7670\"",
        "carrier.toml:2: listen.https: 127.0.0.1:7670 is also listen.http; choose another port",
    );
    check(
        "[listen]\ntls_key = \"/k\"",
        "carrier.toml:2: listen.tls_certificate: it is missing; give both the certificate and its key, or neither",
    );
}

#[test]
fn carriers_and_routes_must_fit_together() {
    let without = |field: &str| {
        ACME.lines().filter(|line| !line.starts_with(field)).map(|line| format!("{line}\n")).collect::<String>()
    };
    check(&without("host"), "carrier.toml:2: carriers.acme.host: it is missing; give it a value");
    check(&without("kind"), "carrier.toml:2: carriers.acme.kind: it is missing; give it a value");
    check(
        &without("password"),
        "carrier.toml:2: carriers.acme.password: there is no password; give one of password, password_env and password_file",
    );
    let both = ACME.replace("password = ", "password_env = \"X\"\npassword = ");
    check(
        &both,
        "carrier.toml:6: carriers.acme.password: there is more than one password; give one of password, password_env and password_file",
    );
    check(
        &ACME.replace("password = ", "password_env = "),
        "carrier.toml:5: carriers.acme.password_env: the environment has no secret; set it, or give the password in another way",
    );
    check(
        &ACME.replace("password = \"secret\"", "password_file = \"/none\""),
        "carrier.toml:5: carriers.acme.password_file: cannot read it: no such file; set it, or give the password in another way",
    );
    check(
        &ACME.replace("\ncarrier = \"acme\"", "\ncarrier = \"acne\""),
        "carrier.toml:8: routes.0.carrier: there is no carrier \"acne\"; did you mean acme?",
    );
    check(
        &ACME.replace("[carriers.acme]", "[carriers.Acme]"),
        "carrier.toml:2: carriers.Acme: it is no name for a carrier; use up to 32 small letters, digits, - and _, a letter first",
    );
    check("[carriers.acme]", "carrier.toml:1: carriers.acme: the section is empty; fill it in or remove it");
    let twice = format!("{ACME}[[routes]]\nname = \"all\"\ncarrier = \"acme\"\n");
    check(&twice, "carrier.toml:10: routes.1.name: \"all\" is the name of another route; choose another name");
    check(&twice, "carrier.toml:10: routes.1.prefix: \"\" is the prefix of route \"all\" too; remove one of the two");
    check(
        &ACME.replace("name = \"all\"", "name = \"all\"\nprefix = \"44x\""),
        "carrier.toml:8: routes.0.prefix: \"44x\" is no prefix; write up to 15 digits, country code first, or nothing for every number",
    );
    let no_route: String = ACME.lines().take(5).map(|line| format!("{line}\n")).collect();
    check(&no_route, "routes: there are carriers but no route; add a [[routes]] section with name, prefix and carrier");
    let config = file(
        &ACME
            .replace("password = \"secret\"", "password_file = \"/run/acme\"")
            .replace("name = \"all\"", "name = \"all\"\nprefix = \"+44\""),
    )
    .unwrap();
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    assert_eq!(
        (smpp.password.expose(), config.routes[0].prefix.as_str(), config.warnings.len()),
        ("from-file", "44", 1)
    );
}

#[test]
fn secrets_are_never_shown() {
    let long = "hunter2".repeat(20);
    let text = ACME.replace("\"secret\"", &format!("\"{long}\""));
    let errors = file(&text).unwrap_err();
    assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors}");
    let errors = file(&ACME.replace("\"secret\"", "[\"hunter2\"]")).unwrap_err();
    assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors}");
    let config = file(&ACME.replace("secret", "hunter2")).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn dev_stays_on_this_machine() {
    let config = dev().load().unwrap();
    assert_eq!(config.data_dir, Path::new("/home/op/.local/state/whimbrel-dev"));
    assert_eq!(config.listen.simulator, Some("127.0.0.1:2776".parse().unwrap()));
    assert_eq!(config.egress.policy.reach, Reach::Local);
    let [carrier] = &config.carriers[..] else { panic!("{:?}", config.carriers) };
    let CarrierKind::Smpp(smpp) = &carrier.kind;
    assert_eq!((carrier.name.as_str(), smpp.host.as_str(), smpp.password.expose()), ("simulator", "127.0.0.1", "dev"));
    assert_eq!(config.routes.len(), 1);
    let mut config = config;
    config.point_to_simulator("127.0.0.1:40000".parse().unwrap());
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    assert_eq!(smpp.port, 40_000);

    let env = [("HOME", "/home/op"), ("XDG_STATE_HOME", "/state"), ("STATE_DIRECTORY", "/var/lib/whimbrel")];
    let allowed = [("egress.allow_hosts", "hooks.example.com"), ("listen.http", "[::1]:0")];
    let config = Given { env: &env, flags: &allowed, ..dev() }.load().unwrap();
    assert_eq!(config.data_dir, Path::new("/state/whimbrel-dev"));
    assert_eq!(config.egress.policy.allowed_hosts, [AllowedHost::parse("hooks.example.com").unwrap()]);
    assert_eq!(Given { env: &env, ..Given::default() }.load().unwrap().data_dir, Path::new("/var/lib/whimbrel"));
}

#[test]
fn dev_refuses_what_leaves_this_machine() {
    for name in ["listen.http", "listen.https", "listen.simulator"] {
        for addr in ["0.0.0.0:7777", "[::]:7777", "192.168.1.2:7777"] {
            let errors = Given { flags: &[(name, addr)], ..dev() }.load().unwrap_err().to_string();
            assert!(errors.contains("or run without --dev"), "{errors}");
        }
    }
    let errors = Given { flags: &[("listen.simulator", "off")], ..dev() }.load().unwrap_err().to_string();
    assert!(errors.contains("--dev needs its simulator"), "{errors}");
    for text in [
        ACME,
        "[carriers.simulator]\nhost = \"smpp.example.com\"\n",
        "[carriers.simulator]\nport = 2777\n",
        "[[routes]]\nname = \"all\"\ncarrier = \"simulator\"\n",
    ] {
        let errors = Given { file: Some(text), ..dev() }.load().unwrap_err().to_string();
        assert!(errors.contains("--dev has its simulator as the only carrier"), "{text}: {errors}");
    }
}

#[test]
fn without_a_home_the_data_folder_must_be_given() {
    for env in [&[][..], &[("HOME", "")], &[("HOME", "relative")]] {
        let errors = Given { env, ..Given::default() }.load().unwrap_err().to_string();
        assert!(errors.contains("--data-dir"), "{errors}");
    }
}

#[test]
fn every_setting_that_is_misspelt_or_of_another_kind_is_refused() {
    for key in schema::KEYS {
        let path = key.path.replacen('*', if key.path.starts_with("routes") { "0" } else { "acme" }, 1);
        let mut parts: Vec<_> = path.split('.').collect();
        let name = parts.pop().unwrap();
        let header = match parts[..] {
            ["routes", _] => "[[routes]]".to_owned(),
            _ => format!("[{}]", parts.join(".")),
        };
        assert!(file(&format!("{header}\n{name}_x = \"1\"")).is_err(), "{path}");
        assert!(file(&format!("{header}\n{name} = true")).is_err(), "{path}");
        assert!(file(&format!("{header}\n{name} = {{ a = 1 }}")).is_err(), "{path}");
    }
}
