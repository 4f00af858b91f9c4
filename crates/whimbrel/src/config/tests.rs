//! Whole configurations.

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
            files: &self.file.map(|text| ("carrier.toml".to_owned(), text.to_owned())).into_iter().collect::<Vec<_>>(),
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
        [include_str!("../cli/args.rs"), include_str!("../cli/args/traffic.rs"), include_str!("../cli/client.rs")];
    let names = read_by_cli.iter().flat_map(|source| source.split('"').filter(|text| text.starts_with("WHIMBREL_")));
    let env: Vec<(String, String)> = names.map(|name| (name.to_owned(), "/x".to_owned())).collect();
    assert!(env.iter().any(|(name, _)| name == "WHIMBREL_API_SECRET"), "{env:?}");
    let inputs = Inputs { profile: Profile::Development, files: &[], env: &env, flags: &[], read_secret: &no_secret };
    if let Err(errors) = load(&inputs) {
        panic!("{errors}");
    }
}

fn no_secret(_: &Path) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

#[test]
fn the_default_file_is_a_configuration_that_says_the_defaults() {
    let config = file(&default_file()).unwrap();
    let plain = Given::default().load().unwrap();
    assert_eq!(plain.compare(&config), Changes::default());
    // The examples of carriers and routes are commented out; without the hash they are settings too.
    let uncommented: String = default_file()
        .lines()
        .map(|line| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let is_name =
                |name: &str| name.bytes().all(|octet| octet.is_ascii_lowercase() || matches!(octet, b'_' | b'1'));
            let is_setting = bare.starts_with('[') || bare.split_once(" = ").is_some_and(|(name, _)| is_name(name));
            if is_setting { format!("{bare}\n") } else { String::new() }
        })
        .collect();
    let all = from_toml(&uncommented, &|_| Origin::Default).unwrap();
    assert_eq!(all.errors, []);
    for key in keys::KEYS {
        let path = key.path.replacen("carriers.*", "carriers.acme", 1).replacen("routes.*", "routes.0", 1);
        let setting =
            all.settings.iter().find(|setting| setting.path == path).unwrap_or_else(|| panic!("{path} is not there"));
        let value = key.kind.read(&setting.raw).unwrap_or_else(|remedy| panic!("{path}: {remedy}"));
        assert_eq!(value.toml(), key.toml_of(key.default.or(key.example).unwrap()), "{path}");
    }
    assert_eq!(all.settings.len(), keys::KEYS.len());
    assert!(default_file().lines().all(|line| line.len() <= 160));
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
    let route = Route {
        name: "everything".to_owned(),
        prefix: String::new(),
        networks: Vec::new(),
        carriers: vec!["acme".to_owned()],
    };
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
        ("WHIMBREL_BINARY", "/usr/bin/whimbrel"),
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
    assert_eq!(shown("carriers.acme.window"), "50 WHIMBREL_CARRIERS__ACME__WINDOW");
    assert_eq!(shown("carriers.acme.password"), "\"[secret]\" carrier.toml:9");
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
    let moved = |name, networks| format!("[[routes]]\nname = \"{name}\"\nnetworks = {networks}\ncarrier = \"acme\"\n");
    let apart = [ACME, &moved("one", "[\"45201\"]"), &moved("two", "[\"45202\", \"45203\"]")].concat();
    assert_eq!(file(&apart).unwrap().routes.len(), 3, "one prefix, other networks");
    check(
        &(apart + &moved("three", "[\"45203\"]")),
        "carrier.toml:18: routes.3.prefix: \"\" is the prefix of route \"two\" too; remove one of the two",
    );
    check(
        &[ACME, &moved("one", "[\"45201\", \"45201\"]")].concat(),
        "carrier.toml:11: routes.1.networks: \"45201\" stands twice; name each network once",
    );
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
    for key in keys::KEYS {
        let path = key.path.replacen('*', if key.path.starts_with("routes") { "0" } else { "acme" }, 1);
        let mut parts: Vec<_> = path.split('.').collect();
        let name = parts.pop().unwrap();
        let header = match parts[..] {
            ["routes", _] => "[[routes]]".to_owned(),
            _ => format!("[{}]", parts.join(".")),
        };
        let refused = |line: &str| {
            let errors = file(&format!("{header}\n{line}")).unwrap_err();
            assert!(errors.0.iter().any(|error| error.field.starts_with(&path)), "{path}: {errors}");
        };
        refused(&format!("{name}_x = \"1\""));
        refused(&format!("{name} = 1.5"));
        refused(&format!("{name} = {{ a = 1 }}"));
    }
}

#[test]
fn all_faults_are_told_at_once_each_with_its_line() {
    let text = "[listen]\nhtp = \"off\"\nhttps = \"here\"\n[carriers.acme]\nkind = \"smpp\"\nhots = \"smpp.example.com\"\n\
        system_id = \"us\"\nrate = \"fast\"\ntls_ca = \"/ca\"\n[[routes]]\nname = \"all\"\ncarriers = [\"acme\", \"beta\", \"acme\"]\n";
    let env = [("HOME", "/home/op"), ("WHIMBREL_LIMITS__CONNECTIONS", "0")];
    let errors = Given { file: Some(text), env: &env, ..Given::default() }.load().unwrap_err();
    let told: Vec<_> = errors
        .0
        .iter()
        .map(|error| format!("{} {} {}", error.fault.code(), error.origin.as_ref().unwrap(), error.field))
        .collect();
    assert_eq!(
        told,
        [
            "E0214 carrier.toml:6 carriers.acme.hots",
            "E0214 carrier.toml:2 listen.htp",
            "E0212 carrier.toml:8 carriers.acme.rate",
            "E0212 WHIMBREL_LIMITS__CONNECTIONS limits.connections",
            "E0212 carrier.toml:3 listen.https",
            "E0213 carrier.toml:5 carriers.acme.password",
            "E0215 carrier.toml:9 carriers.acme.tls_ca",
            "E0217 carrier.toml:12 routes.0.carriers",
            "E0215 carrier.toml:12 routes.0.carriers",
        ],
        "{errors}"
    );
}

/// A carrier with every setting said.
const FULL: &str = r#"
[carriers.acme]
kind = "smpp"
host = "smpp.example.com"
system_id = "us"
password = "secret"
bind = "transmitter+receiver"
connections = 2
rate = 100
window = 50
interface_version = "0x33"
address_range = "^44"
address_range_form = "1/1"
enquire_misses = 2
default_alphabet = "gsm7-packed"
latin1 = true
concat = "udh16"
part_slack = 1
flash = "0xf0"
sniff = false
sniff_texts = true
otp_service_type = "OTP"
otp_priority = 2
validity = "absolute"
receipts = "intermediate"
sender_name = "5/1"
sender_name_alphabet = "gsm7"
sender_number_form = "plus"
recipient_form = "national"
national_country = "44"
national_prefix = "0"
tlvs = ["0x1402=A1", "0x1403=hex:00ff"]
entity_tlv = "0x1400"
template_tlv = 0x1401
id_format = 1
status_table = { "0x0401" = "reroute", 1100 = "throttle", 1101 = "ported" }
error_table = { 27 = "absent-for-now" }
text_error_codes = "map"
network_tlv = 0x1503
network_code_tlv = 0x1504
tls = true
tls_verify = "fingerprint"
tls_fingerprint = ["AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"]
tls_certificate = "/etc/us.pem"
tls_key = "/etc/us.key"
doubt = "fail-unknown"

[carriers.beta]
kind = "smpp"
host = "192.0.2.1"
system_id = "us"
password_file = "/run/acme"

[[routes]]
name = "uk"
prefix = "44"
carriers = ["acme", "beta"]

[[routes]]
name = "ported"
prefix = "44"
networks = ["23410"]
carrier = "beta"

[[routes]]
name = "rest"
carrier = "beta"
"#;

#[test]
fn every_carrier_setting_arrives() {
    let config = file(FULL).unwrap();
    let carrier = &config.carriers[0];
    let CarrierKind::Smpp(smpp) = &carrier.kind;
    assert_eq!(carrier.rate, Some(100));
    assert_eq!((smpp.bind, smpp.connections, smpp.window_max, smpp.interface_version), (SmppBind::Pair, 2, 50, 0x33));
    assert_eq!((smpp.address_range.as_str(), smpp.address_range_form), ("^44", TonNpi { ton: 1, npi: 1 }));
    let text = SmppText {
        default_alphabet: DefaultAlphabet::Gsm7Packed,
        latin1: true,
        concat: Concat::Udh16,
        part_slack: 1,
        flash: 0xf0,
        sniff_receipts: false,
        sniff_texts: true,
    };
    assert_eq!(smpp.text, text);
    assert_eq!((smpp.otp_service_type.as_deref(), smpp.otp_priority, smpp.enquire_misses), (Some("OTP"), 2, 2));
    assert_eq!((smpp.validity, smpp.receipts), (Validity::Absolute, Receipts::Intermediate));
    assert_eq!(smpp.addresses.sender_name, TonNpi { ton: 5, npi: 1 });
    assert_eq!(smpp.addresses.sender_short_code, TonNpi { ton: 3, npi: 0 });
    let national = WrittenNumber::National { country: "44".to_owned(), prefix: "0".to_owned() };
    assert_eq!(smpp.addresses.recipient_form, national);
    assert_eq!(smpp.addresses.sender_number_form, WrittenNumber::Plus);
    assert_eq!(smpp.addresses.sender_name_alphabet, NameAlphabet::Gsm7);
    let tlvs = SmppTlvs {
        allowed: true,
        constant: vec![(0x1402, b"A1".to_vec()), (0x1403, vec![0, 0xff])],
        entity: Some(0x1400),
        template: Some(0x1401),
        network: vec![0x1503, 0x1504],
    };
    assert_eq!(smpp.tlvs, tlvs);
    assert_eq!(smpp.id_format, IdFormat::Mask { answer_is_hex: true, receipt_is_hex: false });
    assert_eq!(
        smpp.status_table,
        [(0x401, StatusClass::Reroute), (1100, StatusClass::Throttle), (1101, StatusClass::Ported)]
    );
    assert_eq!(smpp.error_table, [(27, whimbrel_core::part::Cause::AbsentForNow)]);
    assert_eq!(smpp.text_error_codes, TextErrors::Map);
    let tls = smpp.tls.as_ref().unwrap();
    assert_eq!(tls.verify, TlsVerify::Fingerprints(vec![[0xaa; 32]]));
    assert_eq!(tls.client, Some(("/etc/us.pem".into(), "/etc/us.key".into())));
    assert_eq!(config.routes[0].carriers, ["acme", "beta"]);
    assert_eq!((&*config.routes[1].prefix, &config.routes[1].networks[..]), ("44", &["23410".to_owned()][..]));
    assert_eq!((config.routes[2].prefix.as_str(), &config.routes[2].carriers[..]), ("", &["beta".to_owned()][..]));
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let with = |lines: &str| ACME.replace("password =", &format!("{lines}\npassword ="));
    let at = "carrier.toml:5: carriers.acme";
    check(&with("tls_name = \"x\""), &format!("{at}.tls_name: tls is off; set tls = true, or remove this"));
    check(
        &with("network_code_tlv = 0x1504"),
        &format!("{at}.network_code_tlv: network_tlv is missing; give network_tlv too, or remove this"),
    );
    check(
        &with("tlvs = [\"0x1400=1\"]\ntlv = false"),
        "carrier.toml:6: carriers.acme.tlv: optional parameters are off, but some are given; set it to true, or remove tlvs, entity_tlv and template_tlv",
    );
    check(
        &with("concat = \"sar\"\ntlv = false"),
        &format!("{at}.concat: it needs optional parameters, which are off; use udh8 or udh16"),
    );
    check(
        &with("recipient_form = \"national\""),
        "carrier.toml:2: carriers.acme.national_country: recipient_form national needs it; write the country code that is taken away",
    );
    check(
        &with("status_table = { 0 = \"retry\" }"),
        &format!("{at}.status_table: 0x00 says that all is well; remove it"),
    );
    check(
        &with("tls = true\ntls_verify = \"fingerprint\""),
        "carrier.toml:2: carriers.acme.tls_fingerprint: tls_verify fingerprint needs one; write the certificate's SHA-256",
    );
    check(
        &with("rate_per_second = 5"),
        &format!("{at}.rate_per_second: there is no such setting; did you mean carriers.acme.rate?"),
    );
    check(
        &ACME.replace("carrier = \"acme\"", "carrier = \"acme\"\ncarriers = [\"acme\"]"),
        "carrier.toml:9: routes.0.carriers: there is carrier too; give one of carrier and carriers",
    );
    let warned = file(&with("tls = true\ntls_verify = \"none\"")).unwrap().warnings;
    assert!(warned[0].starts_with("carriers.acme.tls_verify: anybody"), "{warned:?}");
}

#[test]
fn files_of_a_folder_are_one_configuration() {
    let files = [
        ("a.toml".to_owned(), ACME.to_owned()),
        (
            "b.toml".to_owned(),
            "[carriers.acme]\nwindow = 20\n[[routes]]\nname = \"uk\"\nprefix = \"44\"\ncarrier = \"acme\"\n".to_owned(),
        ),
        (
            "c.toml".to_owned(),
            "[[routes]]\nname = \"de\"\nprefix = \"49\"\ncarrier = \"acne\"\n[limits]\nbody = 1\n".to_owned(),
        ),
    ];
    let env = [("HOME".to_owned(), "/home/op".to_owned())];
    let of = |files: &[(String, String)]| {
        load(&Inputs { profile: Profile::Production, files, env: &env, flags: &[], read_secret: &no_secret })
    };
    let config = of(&files[..2]).unwrap();
    let CarrierKind::Smpp(smpp) = &config.carriers[0].kind;
    let names: Vec<_> = config.routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!((smpp.window_max, names), (20, vec!["all", "uk"]));
    let errors = of(&files).unwrap_err().to_string();
    assert!(errors.contains("c.toml:4: routes.2.carrier: there is no carrier"), "{errors}");
    assert!(
        errors.contains("c.toml:6: limits.body: there is no such setting; did you mean limits.body_bytes?"),
        "{errors}"
    );
    let broken = [("x.toml".to_owned(), "a = ".to_owned()), ("y.toml".to_owned(), "[zebra]\n".to_owned())];
    let errors = of(&broken).unwrap_err();
    assert_eq!(errors.0.iter().map(|error| error.fault).collect::<Vec<_>>(), [Fault::NotToml, Fault::Unknown]);
}

#[test]
fn what_is_printed_is_read_back_to_the_same() {
    for text in [ACME, FULL, ""] {
        let config = file(text).unwrap();
        for origins in [Origins::Left, Origins::Commented] {
            let printed = config.to_toml(Secrets::Shown, origins);
            let again = file(&printed).unwrap_or_else(|errors| panic!("{errors}\n{printed}"));
            assert_eq!(config.compare(&again), Changes::default(), "{printed}");
            assert_eq!(
                (&again.carriers, &again.routes, &again.data_dir),
                (&config.carriers, &config.routes, &config.data_dir)
            );
            assert_eq!(again.to_toml(Secrets::Shown, Origins::Left), config.to_toml(Secrets::Shown, Origins::Left));
        }
        assert!(!config.to_toml(Secrets::Hidden, Origins::Commented).contains("\"secret\""));
        assert!(!config.to_json().to_string().contains("\"secret\""));
    }
}

proptest::proptest! {
    #[test]
    fn any_values_survive_printing(
        window in 1_u64..=1000, rate in proptest::option::of(1_u64..=100_000), millis in 10_u64..=3_600_000,
        bytes in (1_u64 << 10)..=(64 << 20), host in "[ -~]{1,40}", hosts in proptest::collection::vec("[a-z]{1,8}", 0..4),
        codes in proptest::collection::btree_map(1_u32.., 0_usize..5, 0..5),
    ) {
        let rate = rate.map(|rate| format!("rate = \"{rate}/s\"\n")).unwrap_or_default();
        let table: Vec<_> = codes.iter().map(|(code, word)| format!("{code} = {:?}", keys::STATUS_CLASSES[*word])).collect();
        let text = format!(
            "[limits]\nbody_bytes = {bytes}\nidle_time = \"{millis}ms\"\n[egress]\nallow_hosts = {hosts:?}\n[carriers.acme]\n\
             kind = \"smpp\"\nhost = {}\nsystem_id = \"us\"\npassword = \"x\"\nwindow = {window}\n{rate}\
             status_table = {{ {} }}\n[[routes]]\nname = \"all\"\ncarrier = \"acme\"\n",
            value::quoted(&host), table.join(", "),
        );
        let config = file(&text).unwrap();
        let again = file(&config.to_toml(Secrets::Shown, Origins::Commented)).unwrap();
        proptest::prop_assert_eq!(config.compare(&again), Changes::default());
        proptest::prop_assert_eq!(&config.carriers, &again.carriers);
        proptest::prop_assert_eq!(config.http_limits, again.http_limits);
    }

    #[test]
    fn no_file_makes_it_panic(text in "(\\[|\\]|=|\\.|\"|'|\n|#|\\{|\\}|,|carriers|routes|listen|http|kind|smpp|tls|[a-z0-9 ]){0,40}") {
        _ = file(&text);
    }
}

#[test]
fn a_setting_is_explained() {
    let config = file(ACME).unwrap();
    let explained = config.explain("carriers.acme.window").unwrap();
    assert_eq!(
        explained.to_string(),
        "carriers.acme.window = 10  (default)\n  Unanswered submissions at once, on each connection.\n  \
         takes        a number from 1 to 1000\n  default      10\n  environment  WHIMBREL_CARRIERS__ACME__WINDOW\n  \
         change       a reload applies it; the carrier finishes what is open and binds anew"
    );
    let host = config.explain("carriers.acme.host").unwrap();
    assert!(host.to_string().starts_with("carriers.acme.host = \"smpp.example.com\"  (carrier.toml:3)\n"), "{host}");
    assert!(config.explain("carriers.acme.password").unwrap().to_string().contains("\"[secret]\""));
    assert!(config.explain("carriers.acme.rate").unwrap().to_string().starts_with("carriers.acme.rate is not set"));
    assert_eq!(config.explain("listen.http").unwrap().env, ["WHIMBREL_HTTP", "WHIMBREL_LISTEN__HTTP"]);
    let unknown = config.explain("carriers.acme.windw").unwrap_err();
    assert_eq!(unknown.nearest.as_deref(), Some("carriers.acme.window"));
}

#[test]
fn a_comparison_names_what_differs_and_shows_no_secret() {
    let old = file(FULL).unwrap();
    assert!(old.compare(&old).is_empty());
    assert_eq!(old.compare(&old).to_string(), "nothing changed");
    let text = FULL
        .replace("\"secret\"", "\"hunter2\"")
        .replace("rate = 100", "rate = \"200/s\"")
        .replace("name = \"rest\"", "name = \"others\"")
        .replace("carriers = [\"acme\", \"beta\"]", "carriers = [\"beta\", \"acme\"]");
    let text =
        format!("[limits]\nidle_time = \"1m\"\n[log]\nfilter = \"warn\"\n[listen]\nhttp = \"127.0.0.1:80\"\n{text}");
    let changes = old.compare(&file(&text).unwrap());
    assert_eq!(
        changes.to_string(),
        "~ carrier acme, binds anew\n    carriers.acme.rate: \"100/s\" -> \"200/s\"\n    carriers.acme.password: another one\n\
         ~ route uk\n- route rest\n+ route others\n! limits.idle_time: \"75s\" -> \"60s\", after a restart\n\
         ! listen.http: \"127.0.0.1:7670\" -> \"127.0.0.1:80\", after a restart\n\
         ! log.filter: \"info\" -> \"warn\", after a restart"
    );
    assert_eq!(changes.to_json()["carriers"]["changed"][0]["rebinds"], true);
    assert_eq!(changes.to_json()["restart_needed"][1]["setting"], "listen.http");
    let live = file(&FULL.replace("rate = 100", "rate = 7")).unwrap();
    assert!(!old.compare(&live).carriers_changed[0].rebinds, "a rate needs no new bind");
    let written =
        file(&FULL.replace("doubt = \"fail-unknown\"", "doubt = \"fail-unknown\"\ndoubt_wait = \"60000ms\"")).unwrap();
    assert!(old.compare(&written).is_empty(), "the same time in other words");
    let other = file(&ACME.replace("carriers.acme", "carriers.acme2").replace("\"acme\"", "\"acme2\"")).unwrap();
    let changes = file(ACME).unwrap().compare(&other);
    assert_eq!(
        (&changes.carriers_added[..], &changes.carriers_removed[..]),
        (&["acme2".to_owned()][..], &["acme".to_owned()][..])
    );
}

#[test]
fn a_changed_secret_file_is_a_change() {
    let of = |password: &'static str| {
        let read_secret = move |_: &Path| Ok(password.to_owned());
        let files = [("x".to_owned(), ACME.replace("password =", "password_file ="))];
        let env = [("HOME".to_owned(), "/home/op".to_owned())];
        load(&Inputs { profile: Profile::Production, files: &files, env: &env, flags: &[], read_secret: &read_secret })
            .unwrap()
    };
    assert!(of("one").compare(&of("one")).is_empty());
    let changes = of("one").compare(&of("two"));
    assert_eq!((changes.carriers_changed.len(), changes.carriers_changed[0].rebinds), (1, true));
}

/// The keywords of JSON Schema that ours uses, but for patterns.
fn fits(schema: &serde_json::Value, instance: &serde_json::Value) -> bool {
    let list = |keyword: &str| schema[keyword].as_array().cloned();
    let kind = match instance {
        serde_json::Value::Object(_) => "object",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "integer",
        serde_json::Value::Null => "null",
    };
    let in_bounds = |number: i64| {
        schema["minimum"].as_i64().is_none_or(|min| number >= min)
            && schema["maximum"].as_i64().is_none_or(|max| number <= max)
    };
    schema["type"].as_str().is_none_or(|expected| expected == kind)
        && list("enum").is_none_or(|words| words.contains(instance))
        && list("anyOf").is_none_or(|schemas| schemas.iter().any(|schema| fits(schema, instance)))
        && list("oneOf").is_none_or(|schemas| schemas.iter().filter(|schema| fits(schema, instance)).count() == 1)
        && list("required").is_none_or(|names| names.iter().all(|name| !instance[name.as_str().unwrap()].is_null()))
        && instance.as_i64().is_none_or(in_bounds)
        && instance.as_array().is_none_or(|list| list.iter().all(|element| fits(&schema["items"], element)))
        && instance.as_object().is_none_or(|object| {
            object.iter().all(|(name, value)| match schema["properties"].get(name) {
                Some(schema) => fits(schema, value),
                None if schema["additionalProperties"].is_object() => fits(&schema["additionalProperties"], value),
                None => schema["additionalProperties"] != false,
            })
        })
}

#[test]
fn the_json_schema_fits_good_files_and_no_bad_ones() {
    let schema = json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for text in [ACME, FULL, include_str!("../../../../examples/carrier.toml"), &default_file()] {
        let instance = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        assert!(fits(&schema, &instance), "{instance:#}");
    }
    assert!(fits(&schema, &file(FULL).unwrap().to_json()), "{:#}", file(FULL).unwrap().to_json());
    for text in [
        "[lisen]\n",
        "[listen]\nhtp = \"off\"",
        "[limits]\nconnections = 0",
        "[carriers.acme]\nbind = \"both\"",
        "[carriers.acme]\ntls = 1",
        "[carriers.acme]\nid_format = 4",
        "[carriers.acme]\nstatus_table = { 8 = \"perhaps\" }",
        "[[routes]]\nname = \"all\"",
        "[[routes]]\nname = \"all\"\ncarrier = \"a\"\ncarriers = [\"a\"]",
        "[routes]\nname = \"all\"",
    ] {
        let instance = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        assert!(!fits(&schema, &instance), "{text}");
    }
}

#[test]
fn the_page_of_the_configuration_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- reference: made from the table of settings -->\n", "<!-- end of the reference -->");
    let (head, rest) = page.split_once(begin).expect("the page has a mark where the reference begins");
    let (_, tail) = rest.split_once(end).expect("the page has a mark where the reference ends");
    let wanted = format!("{head}{begin}\n{}{end}{tail}", reference());
    if is_update() {
        std::fs::write(path, &wanted).unwrap();
    }
    assert!(page == wanted || is_update(), "run the tests with UPDATE_EXPECT=1, then read the page");
}

#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}
