//! The table of all settings. Parsing, defaults, `config defaults`, `explain`, the JSON Schema and `docs/configuration.md` come
//! from it and from nothing else.

use super::schema::{Key, Section};
use super::value::Kind;

/// From 10 ms to an hour.
const WAIT: Kind = Kind::Time { min_ms: 10, max_ms: 3_600_000 };
/// From 10 ms to a day.
const NUMBER_FORM: Kind = Kind::Choice(&["plain", "plus", "00", "national"]);
const CENTURY_MS: u64 = 36_525 * 86_400_000;
const LONG_WAIT: Kind = Kind::Time { min_ms: 10, max_ms: 86_400_000 };
const CALLS: Kind = Kind::Count { min: 1, max: 100_000 };
const PATH: Kind = Kind::Text;
const FAILURES: Kind = Kind::Count { min: 0, max: 1_000_000 };
const TAG: Kind = Kind::Code { max: 0xffff };

const fn carrier(path: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(path, kind, help).rebinding()
}

/// What a command status of the table may be made to mean.
pub(super) const STATUS_CLASSES: &[&str] = &["reject", "reroute", "ported", "retry", "throttle", "queue-full"];
/// What a network error of the table may be made to mean: the words of `Cause`.
pub(super) const CAUSES: &[&str] = &[
    "none",
    "unknown",
    "absent-for-now",
    "absent-for-good",
    "barred",
    "ported",
    "spam",
    "busy",
    "network-fault",
    "illegal-number",
    "illegal-message",
    "unroutable",
    "unreachable",
    "age-restricted",
    "blocked-by-carrier",
    "prepaid-funds",
    "sender-filter",
    "general",
];

/// The sections, in the order of the default file.
pub(super) static SECTIONS: &[Section] = &[
    Section { path: "listen", help: "Where the gateway listens." },
    Section { path: "data", help: "Where it keeps its things." },
    Section { path: "tables", help: "Files that replace built-in tables. A reload reads them anew." },
    Section { path: "auth", help: "Who may call, and how often they may fail to prove it." },
    Section { path: "portal", help: "What owners of accounts may do by the native API." },
    Section { path: "limits", help: "Bounds of each HTTP listener." },
    Section { path: "retention", help: "How long things are kept." },
    Section { path: "signing", help: "Signed requests." },
    Section { path: "answers", help: "What answers say beyond what the vendors document." },
    Section { path: "log", help: "Logs; they go to stderr." },
    Section { path: "egress", help: "Outgoing HTTP: webhooks." },
    Section { path: "webhooks", help: "What webhooks carry." },
    Section { path: "tape", help: "A memory of what went over the wires, for people who look for a reason." },
    Section {
        path: "carriers.*",
        help: "A carrier: one section for each, named by you (up to 32 small letters, digits, - and _). Nothing is a carrier by \
               default.",
    },
    Section { path: "routes.*", help: "A route: which numbers go to which carriers. The longest prefix wins." },
];

/// All settings, by section.
pub(super) static KEYS: &[Key] = &[
    Key::new("listen.http", Kind::Address, "Where HTTP is spoken.")
        .default("127.0.0.1:7670")
        .env("WHIMBREL_HTTP")
        .restart(),
    Key::new("listen.https", Kind::Address, "Where HTTPS is spoken.")
        .default("127.0.0.1:7671")
        .env("WHIMBREL_HTTPS")
        .restart(),
    Key::new("listen.simulator", Kind::Address, "Where the simulated carrier listens; with --dev only.")
        .default("off")
        .env("WHIMBREL_SIMULATOR")
        .restart(),
    Key::new("listen.tls_names", Kind::List, "Names and addresses that the certificate of the local authority is made for.")
        .default("localhost, 127.0.0.1, ::1")
        .restart(),
    Key::new(
        "listen.public_urls",
        Kind::List,
        "By which addresses clients call, such as https://sms.example.com, up to 8: signatures that cover the address are taken for \
         these (OAuth: for these alone). Empty: for the names of tls_names and the addresses of http and https, at any port. What \
         else counts is on the dialect's page.",
    )
    .default("")
    .restart(),
    Key::new("listen.tls_certificate", PATH, "Your own certificate chain, a PEM file. Empty: the local authority in the data folder.")
        .default("")
        .restart(),
    Key::new("listen.tls_key", PATH, "The key of that certificate, a PEM file.").default("").restart(),
    Key::new(
        "data.dir",
        PATH,
        "The data folder. Empty: $STATE_DIRECTORY (systemd), else $XDG_STATE_HOME/whimbrel, else ~/.local/state/whimbrel. One \
         server at a time may use it.",
    )
    .default("")
    .env("WHIMBREL_DATA_DIR")
    .restart(),
    Key::new("tables.networks", PATH, "A CSV file of networks by prefix. Empty: the built-in table.").default(""),
    Key::new(
        "tables.ported",
        PATH,
        "A CSV file of numbers that moved to another network: number,mccmnc. Empty: no number is known to have moved but by receipts.",
    )
    .default(""),
    Key::new("tables.prices", PATH, "A CSV file of prices. Empty: the built-in table.").default(""),
    Key::new(
        "auth.trusted_proxies",
        Kind::List,
        "Proxies of yours before the gateway: addresses and networks such as 10.0.0.0/8. Of a request that comes from one of them, \
         the last address in X-Forwarded-For that is none of them is where it comes from, and the last name in X-Forwarded-Host is \
         the Host; of others the headers are not read.",
    )
    .default("").restart(),
    Key::new(
        "auth.failures_per_key",
        FAILURES,
        "Requests with one key that may fail to prove who calls, at once and again each minute. Above: nothing is looked at, and the \
         dialect's throttle is the answer, except for addresses that proved themselves with the key before. 0: any number.",
    )
    .default("20").restart(),
    Key::new(
        "auth.failures_per_source",
        FAILURES,
        "As above, from one address (IPv6: one /64), whatever keys it tries. 0: any number.",
    )
    .default("100").restart(),
    Key::new(
        "portal.sign_up",
        Kind::Flag,
        "Whether anybody may make an account by POST sign-up. It begins with an empty wallet, or with what the dialect's vendor gives \
         to new customers, which you pay for. true with --dev.",
    )
    .default("false").restart(),
    Key::new(
        "portal.sign_ups_per_day",
        Kind::Count { min: 1, max: 100_000 },
        "Accounts that are made so in a day (UTC). Above: status 429. Counted since the start.",
    )
    .default("100").restart(),
    Key::new(
        "portal.sign_ups_per_source",
        Kind::Count { min: 1, max: 100_000 },
        "The same from one address (IPv6: one /64).",
    )
    .default("3").restart(),
    Key::new(
        "limits.connections",
        Kind::Count { min: 1, max: 1_000_000 },
        "HTTP connections at once, for each of HTTP and HTTPS. At the limit new ones wait.",
    )
    .default("4096").restart(),
    Key::new(
        "limits.head_bytes",
        Kind::Size { min: 8 << 10, max: 64 << 10 },
        "The request line and headers of a request. Above: status 431.",
    )
    .default("64KiB").restart(),
    Key::new(
        "limits.body_bytes",
        Kind::Size { min: 1 << 10, max: 64 << 20 },
        "A request's body. Above, and with more than 65,536 chunks or pieces: status 413.",
    )
    .default("1MiB").restart(),
    Key::new("limits.head_time", WAIT, "For the headers of a request.").default("10s").restart(),
    Key::new("limits.body_time", WAIT, "For the body of a request.").default("30s").restart(),
    Key::new("limits.idle_time", WAIT, "Between two requests on a connection.").default("75s").restart(),
    Key::new(
        "limits.write_stall_time",
        WAIT,
        "How long a client may read nothing of its answer, or over HTTP/2 open no window for it.",
    )
    .default("30s").restart(),
    Key::new("limits.handshake_time", WAIT, "For a TLS handshake.").default("10s").restart(),
    Key::new("limits.drain_time", WAIT, "For open requests when the server stops.").default("10s").restart(),
    Key::new(
        "retention.texts",
        Kind::Time { min_ms: 0, max_ms: CENTURY_MS },
        "How long what texts say is kept, counted from their acceptance; then it is erased, or once the message has ended, if that is later. \
         0s: it is erased as soon as the message has ended. What was sent when to whom, and what became of it, is kept longer.",
    )
    .default("30d").restart(),
    Key::new(
        "retention.messages",
        Kind::Time { min_ms: 7 * 86_400_000, max_ms: CENTURY_MS },
        "How long messages, and texts that came in, are kept with all that is known of them, counted from their acceptance. What has not \
         ended, or is still to be told, stays. The ledger is never removed.",
    )
    .default("397d").restart(),
    Key::new(
        "signing.compat",
        Kind::Flag,
        "Whether known deviations of the vendors' own libraries are accepted in signed requests: blank fields left out of the \
         string, unset fields signed as None. Neither makes a signature easier to forge. false: as documented only.",
    )
    .default("true"),
    Key::new(
        "signing.age",
        Kind::Time { min_ms: 1_000, max_ms: 100_000 },
        "How old the time stamp of a signature beside a secret key may be, in whole seconds. What was used once is remembered for 120 s.",
    )
    .default("30s"),
    Key::new(
        "signing.ahead",
        Kind::Time { min_ms: 0, max_ms: 100_000 },
        "The same, for one that is ahead of the gateway's clock.",
    )
    .default("30s"),
    Key::new(
        "answers.verbose_errors",
        Kind::Flag,
        "Whether refusals that a vendor's API answers with a code alone are a JSON document with the code and words, where the caller          takes JSON. Clients that compare the whole body with a code do not know them.",
    )
    .default("false"),
    Key::new(
        "answers.deposit_url",
        Kind::Text,
        "Where your customers pay in: an http or https URL that is named to those who have not enough, where their API has a field for \
         it. Empty: none.",
    )
    .default(""),
    Key::new("log.filter", Kind::Text, "A level (error, warn, info, debug, trace) or target=level,...")
        .default("info")
        .env("WHIMBREL_LOG").restart(),
    Key::new(
        "log.format",
        Kind::Choice(&["auto", "human", "json"]),
        "How lines look; auto is human on a terminal and json elsewhere.",
    )
    .default("auto")
    .env("WHIMBREL_LOG_FORMAT")
    .restart(),
    Key::new(
        "egress.allow_hosts",
        Kind::List,
        "Hosts that webhooks may go to although they are on this machine or in a private network (with --dev: although they are on \
         the Internet): names, addresses, or *.name for all names below one.",
    )
    .default("")
    .env("WHIMBREL_ALLOW_EGRESS").restart(),
    Key::new("egress.extra_ca", PATH, "A PEM file of certificate authorities to trust besides the system's. Empty: none.")
        .default("").restart(),
    Key::new(
        "egress.test_new_urls",
        Kind::Flag,
        "Whether a URL that a customer sets through a vendor's API must answer a GET with 200 before it is stored.",
    )
    .default("true")
    .restart(),
    Key::new("egress.calls", CALLS, "Calls at once, to all hosts.").default("256").restart(),
    Key::new("egress.calls_per_host", CALLS, "Calls at once to one host.").default("16").restart(),
    Key::new("egress.connect_time", WAIT, "For resolving, for connecting and for TLS, each.").default("3s").restart(),
    Key::new("egress.answer_time", WAIT, "For a whole call.").default("15s").restart(),
    Key::new("egress.answer_bytes", Kind::Size { min: 1 << 10, max: 16 << 20 }, "How much of an answer is read.")
        .default("64KiB").restart(),
    Key::new(
        "webhooks.standard_headers",
        Kind::Flag,
        "Whether webhooks with a body carry webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks) beside their dialect's \
         own signature.",
    )
    .default("true").restart(),
    Key::new(
        "tape.entries",
        Kind::Count { min: 0, max: 1_000_000 },
        "Requests, PDUs and webhooks that are kept in memory, with their secrets masked; the oldest falls off. Texts are in it for as long as \
         retention.texts at most; where that is 0s, nothing is kept. 0: nothing is kept, and watching costs nothing. 10000 with --dev.",
    )
    .default("0").restart(),
    Key::new(
        "tape.bytes",
        Kind::Size { min: 1 << 16, max: 1 << 30 },
        "The memory they may take, about; the oldest falls off.",
    )
    .default("32MiB").restart(),
    // What the carrier is and how to reach it.
    carrier("carriers.*.kind", Kind::Choice(&["smpp"]), "What the carrier speaks.").needed("smpp"),
    carrier("carriers.*.host", Kind::Text, "Where its SMSC is: a name or an address; a name is resolved anew for each connection.")
        .needed("smpp.example.com"),
    carrier("carriers.*.port", Kind::Count { min: 1, max: 65_535 }, "The SMSC's port.").default("2775"),
    carrier("carriers.*.system_id", Kind::Text, "The name to bind with.").needed("whimbrel"),
    carrier("carriers.*.password", Kind::Secret, "The password. Give this or one of the next two, which keep it out of this file.")
        .example("secret"),
    carrier("carriers.*.password_env", Kind::Text, "The name of the environment variable that holds the password.")
        .example("ACME_PASSWORD"),
    carrier("carriers.*.password_file", PATH, "The file that holds the password, readable only by its owner.")
        .example("/run/credentials/acme"),
    carrier("carriers.*.system_type", Kind::Text, "What some carriers want to see in the bind, up to 12 characters.").default(""),
    carrier(
        "carriers.*.bind",
        Kind::Choice(&["transceiver", "transmitter", "receiver", "transmitter+receiver"]),
        "How to bind. transmitter+receiver opens two links for each connection, for carriers that know no transceiver; receiver \
         takes receipts and inbound texts only.",
    )
    .default("transceiver"),
    carrier("carriers.*.connections", Kind::Count { min: 1, max: 32 }, "Connections at once; parts go to the least busy one.")
        .default("1"),
    carrier("carriers.*.interface_version", Kind::Code { max: 0xff }, "The version said in the bind: 0x33, 0x34 or 0x50.")
        .default("0x34"),
    carrier("carriers.*.address_range", Kind::Text, "The addresses that a receiver wants texts of, up to 40 characters.").default(""),
    carrier("carriers.*.address_range_form", Kind::TonNpi, "Type of number and numbering plan of address_range.").default("0/0"),
    // How fast.
    carrier("carriers.*.rate", Kind::Rate { max: 100_000 }, "Parts per second over all connections. Left out: no limit of ours.")
        .example("100/s")
        .live(),
    carrier("carriers.*.window", Kind::Count { min: 1, max: 1_000 }, "Unanswered submissions at once, on each connection.")
        .default("10"),
    carrier("carriers.*.bind_timeout", WAIT, "For the answer to the bind.").default("10s"),
    carrier("carriers.*.response_timeout", WAIT, "For the answer to a submission; then it is in doubt.").default("60s"),
    carrier(
        "carriers.*.drain_timeout",
        WAIT,
        "For open answers when a link ends in good order: the gateway stops, or is told to unbind. What is not answered then is in doubt.",
    )
    .default("30s"),
    carrier("carriers.*.enquire_interval", WAIT, "How long a link may be silent before we ask whether it lives.").default("30s"),
    carrier("carriers.*.enquire_timeout", WAIT, "How long that answer may take.").default("15s"),
    carrier("carriers.*.enquire_misses", Kind::Count { min: 1, max: 2 }, "Answers missed in a row that end a link.").default("1"),
    // Texts.
    carrier(
        "carriers.*.default_alphabet",
        Kind::Choice(&["gsm7", "gsm7-packed", "latin1", "ascii", "utf8"]),
        "What data coding 0 means there, in both directions.",
    )
    .default("gsm7"),
    carrier(
        "carriers.*.latin1",
        Kind::Flag,
        "Whether it takes data coding 3. Used only for texts that GSM 7-bit could hold too: some centres convert.",
    )
    .default("false"),
    carrier(
        "carriers.*.concat",
        Kind::Choice(&["udh8", "udh16", "sar", "payload"]),
        "How parts say that they belong together: a user data header with an 8-bit or 16-bit reference, sar_* parameters, or the \
         whole text in message_payload.",
    )
    .default("udh8"),
    carrier("carriers.*.part_slack", Kind::Count { min: 0, max: 16 }, "Octets left free in each part of a long text.").default("0"),
    carrier("carriers.*.flash", Kind::Choice(&["0x10", "0xf0"]), "The data coding of a GSM text of class 0.").default("0x10"),
    carrier(
        "carriers.*.sniff",
        Kind::Flag,
        "Whether to look for receipts that are not marked as such.",
    )
    .default("true"),
    carrier(
        "carriers.*.sniff_texts",
        Kind::Flag,
        "Whether to read inbound texts by their octets where these plainly differ from their data coding.",
    )
    .default("false"),
    // Fields of a submission.
    carrier("carriers.*.service_type", Kind::Text, "The service type of each submission, up to 5 characters.").default(""),
    carrier("carriers.*.otp_service_type", Kind::Text, "The service type of one-time codes. Left out: as service_type.")
        .example("OTP"),
    carrier("carriers.*.otp_priority", Kind::Count { min: 0, max: 3 }, "The priority of one-time codes.").default("0"),
    carrier(
        "carriers.*.validity",
        Kind::Choice(&["relative", "absolute", "never"]),
        "Whether the carrier is told until when a message is worth delivering, and in which form (absolute is UTC).",
    )
    .default("relative"),
    carrier(
        "carriers.*.receipts",
        Kind::Choice(&["final", "intermediate", "none"]),
        "Which receipts are asked for: the final one, those before it too, or none.",
    )
    .default("final"),
    carrier("carriers.*.sender_name", Kind::TonNpi, "Type of number and numbering plan of a sender with letters.").default("5/0"),
    carrier("carriers.*.sender_number", Kind::TonNpi, "The same of an international number.").default("1/1"),
    carrier(
        "carriers.*.sender_number_form",
        NUMBER_FORM,
        "How senders that are international numbers are written: 447700900123, +447700900123, 00447700900123, or without their \
         country code.",
    )
    .default("plain"),
    carrier(
        "carriers.*.sender_name_alphabet",
        Kind::Choice(&["ascii", "gsm7"]),
        "The characters of a sender with letters, one octet each. Others are refused, @ too where gsm7 gives it the octet 0.",
    )
    .default("ascii"),
    carrier("carriers.*.sender_short_code", Kind::TonNpi, "The same of a number of up to 6 digits.").default("3/0"),
    carrier("carriers.*.recipient", Kind::TonNpi, "Type of number and numbering plan of recipients.").default("1/1"),
    carrier(
        "carriers.*.recipient_form",
        NUMBER_FORM,
        "How recipients are written: 447700900123, +447700900123, 00447700900123, or without their country code.",
    )
    .default("plain"),
    carrier(
        "carriers.*.national_country",
        Kind::Text,
        "With a form national: the country code that is taken away. Numbers of other countries are written plain.",
    )
    .example("44"),
    carrier("carriers.*.national_prefix", Kind::Text, "With a form national: what is written in its place.").default(""),
    carrier("carriers.*.tlv", Kind::Flag, "Whether the carrier takes optional parameters at all.").default("true"),
    carrier(
        "carriers.*.tlvs",
        Kind::List,
        "Optional parameters of every submission: a tag with a text, or with octets in hexadecimal.",
    )
    .default("")
    .example("0x1402=A1B2, 0x1403=hex:0001"),
    carrier("carriers.*.entity_tlv", TAG, "The tag for the sender's entity id, where a country wants one. Left out: it is not sent.")
        .example("0x1400"),
    carrier("carriers.*.template_tlv", TAG, "The tag for the text's template id. Left out: it is not sent.").example("0x1401"),
    // What it says.
    carrier(
        "carriers.*.id_format",
        Kind::Choice(&["auto", "exact", "resp-hex", "resp-dec", "0", "1", "2", "3"]),
        "How ids in receipts relate to ids in answers: auto tries every form, exact none; resp-hex and resp-dec say how the answer \
         writes them; 0 to 3 is a mask, 1 for a hexadecimal answer plus 2 for a hexadecimal receipt.",
    )
    .default("auto"),
    carrier(
        "carriers.*.status_table",
        Kind::Codes { max: u32::MAX, words: STATUS_CLASSES },
        "What command statuses of this carrier mean: reject (no carrier will take it), reroute (another may), ported (the \
         number is in another network; another may), retry, throttle, \
         queue-full.",
    )
    .default("")
    .example("0x0401=reroute"),
    carrier(
        "carriers.*.error_table",
        Kind::Codes { max: 0xffff, words: CAUSES },
        "What network errors in receipts of this carrier mean, as a cause such as absent-for-now, barred or network-fault.",
    )
    .default("")
    .example("27=absent-for-now"),
    carrier(
        "carriers.*.text_error_codes",
        Kind::Choice(&["opaque", "map"]),
        "What the number after err: in a receipt's text is: the carrier's own, or a MAP error.",
    )
    .default("opaque"),
    carrier(
        "carriers.*.network_tlv",
        TAG,
        "The tag in receipts for the recipient's network: its mobile country and network code as digits. Left out: it is not read.",
    )
    .example("0x1402"),
    carrier(
        "carriers.*.network_code_tlv",
        TAG,
        "The tag for the mobile network code, where network_tlv has the country code only.",
    )
    .example("0x1504"),
    // TLS.
    carrier("carriers.*.tls", Kind::Flag, "Whether to speak TLS.").default("false"),
    carrier(
        "carriers.*.tls_verify",
        Kind::Choice(&["full", "fingerprint", "none"]),
        "full: the chain leads to an authority and the name is right; fingerprint: the certificate is one of tls_fingerprint; none: \
         anybody may listen in.",
    )
    .default("full"),
    carrier("carriers.*.tls_ca", PATH, "A PEM file of the authorities to trust instead of the system's.").example("/etc/acme-ca.pem"),
    carrier("carriers.*.tls_name", Kind::Text, "The name that the certificate must have. Left out: host.").example("smsc.example.com"),
    carrier("carriers.*.tls_fingerprint", Kind::List, "SHA-256 fingerprints of certificates to accept, in hexadecimal.").default(""),
    carrier("carriers.*.tls_certificate", PATH, "Our own certificate chain, a PEM file, if the carrier wants one.")
        .example("/etc/us.pem"),
    carrier("carriers.*.tls_key", PATH, "The key of that certificate, a PEM file.").example("/etc/us.key"),
    // Doubt.
    carrier(
        "carriers.*.doubt",
        Kind::Choice(&["resend", "wait-then-resend", "hold-for-receipt", "fail-unknown"]),
        "What to do when an answer is lost, so that the message may or may not be on its way: resend (it may arrive twice), \
         wait-then-resend, hold-for-receipt, fail-unknown (it may not arrive).",
    )
    .default("resend")
    .live(),
    carrier(
        "carriers.*.otp_doubt",
        Kind::Choice(&["resend", "wait-then-resend", "hold-for-receipt", "fail-unknown"]),
        "The same for one-time codes. Left out: as doubt.",
    )
    .example("resend")
    .live(),
    carrier("carriers.*.doubt_resends", Kind::Count { min: 0, max: 2 }, "Copies that doubt may cause over a message's whole life.")
        .default("1")
        .live(),
    carrier("carriers.*.doubt_wait", LONG_WAIT, "How long wait-then-resend waits.").default("60s").live(),
    carrier(
        "carriers.*.link_down_grace",
        LONG_WAIT,
        "How long messages wait for it while it takes none; then they go on to the next carrier of their route that does.",
    )
    .default("30s")
    .live(),
    Key::new("routes.*.name", Kind::Text, "Your name for it; messages show it.").needed("all"),
    Key::new(
        "routes.*.prefix",
        Kind::Text,
        "The first digits of the numbers, country code first. Empty: every number. The same prefix may not stand in two routes, unless \
         they are for other networks.",
    )
    .default(""),
    Key::new(
        "routes.*.networks",
        Kind::List,
        "Networks that it is for, by mobile country and network code, as receipts told them or as the table of networks has them. \
         Empty: all. Of two routes with one prefix the one with networks goes first.",
    )
    .default("")
    .example("45201, 45202"),
    Key::new("routes.*.carriers", Kind::List, "The carriers in the order of preference: the next one is taken if one refuses or is down.")
        .example("acme, beta"),
    Key::new("routes.*.carrier", Kind::Text, "The same for one carrier. Give one of the two.").example("acme"),
];

/// Environment names that are the command line's own, or those of the helpers for other people's tests.
pub(super) const COMMAND_LINE_ENV: [&str; 8] = [
    "WHIMBREL_CONFIG",
    "WHIMBREL_READY_FILE",
    "WHIMBREL_URL",
    "WHIMBREL_TOKEN",
    "WHIMBREL_CA",
    "WHIMBREL_API_KEY",
    "WHIMBREL_API_SECRET",
    "WHIMBREL_BINARY",
];
