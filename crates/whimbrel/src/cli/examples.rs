//! Two examples for each command, at the head of its help; and the tree of commands with them.

use clap::{Command, CommandFactory};

use super::Cli;

/// Commands by their path, with examples. A test parses each of them.
pub(super) static EXAMPLES: &[(&str, [&str; 2])] = &[
    ("", ["whimbrel serve --dev", "whimbrel send --to 447700900000 --text 'Your code is 482917' --wait delivered"]),
    ("serve", ["whimbrel serve --dev", "whimbrel serve --config /etc/whimbrel.toml"]),
    ("sim", ["whimbrel sim", "whimbrel sim --listen 127.0.0.1:2776 --journal sim.jsonl"]),
    (
        "send",
        [
            "whimbrel send --to 447700900000 --text 'Your code is 482917'",
            "whimbrel send --to 447700900004 --text hello --wait delivered --json",
        ],
    ),
    ("show", ["whimbrel show A0DB37A6D4C04001", "whimbrel show A0DB37A6D4C04001 --json"]),
    ("tail", ["whimbrel tail", "whimbrel tail --account devkey01 --json"]),
    (
        "phone",
        [
            "whimbrel phone reply 447700900123 --to 447700900200 --text STOP",
            "whimbrel phone reply 447700900123 --to 447700900200 --octets 00ff10",
        ],
    ),
    (
        "phone reply",
        [
            "whimbrel phone reply 447700900123 --to 447700900200 --text 'Yes, please'",
            "whimbrel phone reply 447700900123 --to 447700900200 --file long.txt",
        ],
    ),
    ("carrier", ["whimbrel carrier ls", "whimbrel carrier test acme"]),
    ("carrier ls", ["whimbrel carrier ls", "whimbrel carrier ls --json"]),
    ("carrier test", ["whimbrel carrier test acme", "whimbrel carrier test acme --to 447700900123 --account devkey01"]),
    ("carrier bind", ["whimbrel carrier bind acme", "whimbrel carrier bind acme --json"]),
    ("carrier unbind", ["whimbrel carrier unbind acme", "whimbrel carrier unbind acme --yes"]),
    ("carrier drain", ["whimbrel carrier drain acme", "whimbrel carrier drain acme --yes"]),
    ("carrier orphans", ["whimbrel carrier orphans", "whimbrel carrier orphans acme --json"]),
    ("account", ["whimbrel account create --name Shop", "whimbrel account topup devkey01 10.00"]),
    (
        "account create",
        [
            "whimbrel account create --name Shop",
            "whimbrel account create --name Bank --currency EUR --class otp --json",
        ],
    ),
    (
        "account topup",
        ["whimbrel account topup devkey01 10.00", "whimbrel account topup devkey01 250.00 --reference invoice-17"],
    ),
    ("account show", ["whimbrel account show devkey01", "whimbrel account show devkey01 --json"]),
    (
        "account set",
        [
            "whimbrel account set devkey01 --requests-per-second-max 30",
            "whimbrel account set devkey01 --senders listed --inbound-url https://example.com/in",
        ],
    ),
    ("number", ["whimbrel number ls", "whimbrel number assign 447700900200 --account devkey01"]),
    ("number ls", ["whimbrel number ls", "whimbrel number ls --json"]),
    (
        "number assign",
        [
            "whimbrel number assign 447700900200 --account devkey01",
            "whimbrel number assign 447700900200 --account devkey01 --inbound-url https://example.com/in",
        ],
    ),
    ("number release", ["whimbrel number release 447700900200", "whimbrel number release 447700900200 --yes"]),
    ("list", ["whimbrel list show barred", "whimbrel list add barred 447700900123"]),
    ("list show", ["whimbrel list show barred", "whimbrel list show senders --account devkey01"]),
    (
        "list add",
        ["whimbrel list add barred 447700900123 '4477009*'", "whimbrel list add permitted - --account devkey01"],
    ),
    (
        "list remove",
        ["whimbrel list remove barred 447700900123", "whimbrel list remove senders Acme --account devkey01 --yes"],
    ),
    ("bench", ["whimbrel bench --callers 32 --for 10s", "whimbrel bench --rate 500/s --for 30s --json"]),
    ("check", ["whimbrel check", "whimbrel check --data-dir /var/lib/whimbrel --json"]),
    (
        "backup",
        [
            "whimbrel backup /mnt/backup/2026-11-28",
            "whimbrel backup /mnt/vault/whimbrel --data-dir /var/lib/whimbrel --with-key",
        ],
    ),
    ("config", ["whimbrel config check --config whimbrel.toml", "whimbrel config explain carriers.acme.rate"]),
    (
        "config check",
        ["whimbrel config check --config whimbrel.toml", "whimbrel config check --config /etc/whimbrel --json"],
    ),
    ("config print", ["whimbrel config print --config whimbrel.toml", "whimbrel config print --dev --origin"]),
    (
        "config explain",
        ["whimbrel config explain listen.http", "whimbrel config explain carriers.acme.rate --config whimbrel.toml"],
    ),
    ("config schema", ["whimbrel config schema", "whimbrel config schema --quiet"]),
    ("config defaults", ["whimbrel config defaults", "whimbrel config defaults --quiet"]),
    ("config reload", ["whimbrel config reload", "whimbrel config reload --data-dir /var/lib/whimbrel --json"]),
    ("ca", ["whimbrel ca show", "whimbrel ca export --out ca.pem"]),
    ("ca show", ["whimbrel ca show", "whimbrel ca show --data-dir /var/lib/whimbrel"]),
    ("ca export", ["whimbrel ca export --out ca.pem", "whimbrel ca export --format der --out ca.der"]),
    ("completion", ["whimbrel completion bash", "whimbrel completion zsh"]),
    ("man", ["whimbrel man", "whimbrel man --out man1"]),
    ("explain", ["whimbrel explain E0214", "whimbrel explain"]),
    ("help", ["whimbrel help carrier test", "whimbrel help exit-codes"]),
    ("version", ["whimbrel version", "whimbrel version --json"]),
];

/// The examples of a command.
pub(super) fn of(path: &str) -> &'static [&'static str] {
    EXAMPLES.iter().find(|(known, _)| *known == path).map_or(&[], |(_, examples)| examples)
}

/// The tree of commands.
pub(super) fn command() -> Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let mut command = command.disable_help_subcommand(true);
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(name, |command| with_examples(command, &below));
    }
    let examples = of(path);
    if examples.is_empty() {
        return command;
    }
    let lines: Vec<String> = examples.iter().map(|example| format!("  {example}")).collect();
    command.before_help(format!("Examples:\n{}", lines.join("\n")))
}
