//! Two examples for each command, at the head of its help; and the tree of commands with them.

use clap::{Command, CommandFactory};

use super::Cli;

/// Commands by their path, with examples. A test parses each of them.
pub(super) static EXAMPLES: &[(&str, [&str; 2])] = &[
    ("", ["whimbrel serve --dev", "whimbrel send --to 447700900000 --text 'Your code is 482917' --wait delivered"]),
    ("serve", ["whimbrel serve --dev", "whimbrel serve --config /etc/whimbrel.toml"]),
    ("run", ["whimbrel run -- npm test", "whimbrel run --unknown-hosts block --dump sms -- pytest -q"]),
    ("env", ["whimbrel env --shell", "whimbrel env --dotenv --url http://127.0.0.1:7670"]),
    (
        "trace",
        ["whimbrel trace send --to 447700900000 --har send.har", "whimbrel trace https://localhost:7671/readyz --json"],
    ),
    ("doctor", ["whimbrel doctor", "whimbrel doctor --data-dir /var/lib/whimbrel --json"]),
    ("sim", ["whimbrel sim", "whimbrel sim --listen 127.0.0.1:2776 --journal sim.jsonl"]),
    (
        "send",
        [
            "whimbrel send --to 447700900000 --text 'Your code is 482917'",
            "whimbrel send --to 447700900004 --text hello --wait delivered --json",
        ],
    ),
    ("show", ["whimbrel show A0DB37A6D4C04001", "whimbrel show A0DB37A6D4C04001 --wire"]),
    ("share", ["whimbrel share create A0DB37A6D4C04001 --for 2h", "whimbrel share end"]),
    (
        "share create",
        ["whimbrel share create A0DB37A6D4C04001", "whimbrel share create A0DB37A6D4C04001 --for 7d --json"],
    ),
    ("share end", ["whimbrel share end", "whimbrel share end --yes"]),
    ("tail", ["whimbrel tail", "whimbrel tail --account devkey01 --json"]),
    ("inbox", ["whimbrel inbox", "whimbrel inbox -q 'to:07700900123 has:otp -status:delivered' --follow"]),
    (
        "wait",
        [
            "whimbrel wait --to +447700900123 --extract otp --timeout 10s",
            "whimbrel wait -q 'is:inbound from:+447700900123' --extract text --since -5m",
        ],
    ),
    ("dump", ["whimbrel dump sms", "whimbrel dump sms -q 'after:-1h -is:final'"]),
    ("clock", ["whimbrel clock advance 10m", "whimbrel clock reset"]),
    ("clock advance", ["whimbrel clock advance 10m", "whimbrel clock advance 3d --json"]),
    ("clock reset", ["whimbrel clock reset", "whimbrel clock reset --json"]),
    ("clock show", ["whimbrel clock show", "whimbrel clock show --json"]),
    ("chaos", ["whimbrel chaos --throttle 10% --drop-receipts 5% --disconnect-every 30s", "whimbrel chaos off"]),
    ("phone", ["whimbrel phone lease", "whimbrel phone reply 447700900123 --to 447700900200 --text STOP"]),
    ("phone ls", ["whimbrel phone ls", "whimbrel phone ls --json"]),
    (
        "phone lease",
        ["whimbrel phone lease", "whimbrel phone lease --country DE --outcome expired --after 2s --ttl 5m"],
    ),
    ("phone release", ["whimbrel phone release +447700900313", "whimbrel phone release +447700900313 --json"]),
    (
        "phone set",
        ["whimbrel phone set 447700900123 --outcome off", "whimbrel phone set 447700900123 --outcome on --after 5s"],
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
    (
        "account reload",
        [
            "whimbrel account reload devkey01 --reference T1 --amount 10.00 --times 3",
            "whimbrel account reload devkey01 --off",
        ],
    ),
    (
        "account sign-up",
        [
            "whimbrel account sign-up --name Shop",
            "whimbrel account sign-up --name Shop --url http://127.0.0.1:7670 --json",
        ],
    ),
    ("account ls", ["whimbrel account ls", "whimbrel account ls --limit 1000 --json"]),
    (
        "account usage",
        [
            "whimbrel account usage devkey01 --from 2026-11-01",
            "whimbrel account usage self --url http://127.0.0.1:7670 --json",
        ],
    ),
    ("account show", ["whimbrel account show devkey01", "whimbrel account show devkey01 --json"]),
    (
        "account set",
        [
            "whimbrel account set devkey01 --requests-per-second-max 30",
            "whimbrel account set devkey01 --senders listed --inbound-url https://example.com/in",
        ],
    ),
    (
        "application",
        ["whimbrel application ls --account devkey01", "whimbrel application create --account devkey01 --name Shop"],
    ),
    (
        "application ls",
        ["whimbrel application ls --account devkey01", "whimbrel application ls --account devkey01 --json"],
    ),
    (
        "application create",
        [
            "whimbrel application create --account devkey01 --name Shop",
            "whimbrel application create --account devkey01 --name Shop --public-key shop.pem",
        ],
    ),
    (
        "application rm",
        [
            "whimbrel application rm --account devkey01 78d335fa-323d-0114-9c3d-d6f0d48968cf",
            "whimbrel application rm --account devkey01 78d335fa-323d-0114-9c3d-d6f0d48968cf --yes",
        ],
    ),
    (
        "application rotate-key",
        [
            "whimbrel application rotate-key --account devkey01 78d335fa-323d-0114-9c3d-d6f0d48968cf",
            "whimbrel application rotate-key --account acme 78d335fa-323d-0114-9c3d-d6f0d48968cf --overlap 60",
        ],
    ),
    ("oauth", ["whimbrel oauth add devkey01 --name Planner", "whimbrel oauth grants devkey01"]),
    ("oauth ls", ["whimbrel oauth ls devkey01", "whimbrel oauth ls devkey01 --json"]),
    (
        "oauth add",
        ["whimbrel oauth add devkey01 --name Planner", "whimbrel oauth add devkey01 --name 'The planner' --json"],
    ),
    (
        "oauth rm",
        [
            "whimbrel oauth rm devkey01 5f1c2d3e4f5061728394a5b6c7d8e9f0",
            "whimbrel oauth rm devkey01 5f1c2d3e4f5061728394a5b6c7d8e9f0 --yes",
        ],
    ),
    ("oauth grants", ["whimbrel oauth grants devkey01", "whimbrel oauth grants devkey01 --json"]),
    (
        "oauth revoke",
        [
            "whimbrel oauth revoke devkey01 a0b1c2d3e4f5061728394a5b6c7d8e9f",
            "whimbrel oauth revoke devkey01 a0b1c2d3e4f5061728394a5b6c7d8e9f --yes",
        ],
    ),
    ("account signing", ["whimbrel account signing show devkey01", "whimbrel account signing rotate devkey01"]),
    (
        "account signing show",
        ["whimbrel account signing show devkey01", "whimbrel account signing show devkey01 --json"],
    ),
    (
        "account signing set",
        [
            "whimbrel account signing set devkey01 --method sha256",
            "whimbrel account signing set devkey01 --webhooks signed",
        ],
    ),
    (
        "account signing rotate",
        [
            "whimbrel account signing rotate devkey01",
            "whimbrel account signing rotate devkey01 --overlap 3600 --secret-file signature.txt",
        ],
    ),
    (
        "account policy",
        [
            "whimbrel account policy devkey01",
            "whimbrel account policy devkey01 --networks 192.0.2.0/24 --scopes send --spend-per-day-max 25.00",
        ],
    ),
    ("webhook", ["whimbrel webhook ls", "whimbrel webhook attempts --failed"]),
    ("webhook ls", ["whimbrel webhook ls", "whimbrel webhook ls --account devkey01 --json"]),
    ("webhook attempts", ["whimbrel webhook attempts --failed", "whimbrel webhook attempts --since 10m --json"]),
    (
        "webhook resend",
        ["whimbrel webhook resend 12 --set status=failed", "whimbrel webhook resend --message A0DB37A6D4C04001"],
    ),
    ("webhook secret", ["whimbrel webhook secret devkey01", "whimbrel webhook secret devkey01 --json"]),
    (
        "listen",
        [
            "whimbrel listen --forward-to localhost:3000/webhooks --events receipt",
            "whimbrel listen --account devkey01 --print-secret",
        ],
    ),
    (
        "trigger",
        [
            "whimbrel trigger dlr.failed --to http://localhost:3000/webhooks",
            "whimbrel trigger dlr.delivered --account devkey01 --set price=0.05",
        ],
    ),
    ("webhook test", ["whimbrel webhook test devkey01", "whimbrel webhook test devkey01 --sample --json"]),
    ("secret", ["whimbrel secret ls devkey01", "whimbrel secret add devkey01"]),
    ("secret ls", ["whimbrel secret ls devkey01", "whimbrel secret ls devkey01 --json"]),
    ("secret add", ["whimbrel secret add devkey01", "whimbrel secret add devkey01 --secret-env NEW_SECRET"]),
    (
        "secret revoke",
        [
            "whimbrel secret revoke devkey01 019ac3a4-7b1c-7000-8000-0123456789ab",
            "whimbrel secret revoke devkey01 019ac3a4-7b1c-7000-8000-0123456789ab --yes",
        ],
    ),
    ("key", ["whimbrel key ls", "whimbrel key rotate"]),
    ("key ls", ["whimbrel key ls", "whimbrel key ls --json"]),
    ("key rotate", ["whimbrel key rotate", "whimbrel key rotate --data-dir /var/lib/whimbrel --json"]),
    ("operator", ["whimbrel operator add ann", "whimbrel operator ls"]),
    ("operator ls", ["whimbrel operator ls", "whimbrel operator ls --json"]),
    ("operator add", ["whimbrel operator add ann", "whimbrel operator add ben --role viewer --password-file -"]),
    ("operator passwd", ["whimbrel operator passwd ann", "whimbrel operator passwd ann --password-env NEW_PASSWORD"]),
    ("operator rm", ["whimbrel operator rm ann", "whimbrel operator rm ann --yes"]),
    ("operator totp", ["whimbrel operator totp ann", "whimbrel operator totp ann --off"]),
    ("audit", ["whimbrel audit", "whimbrel audit --limit 200 --json"]),
    ("number", ["whimbrel number ls", "whimbrel number assign 447700900200 --account devkey01"]),
    ("number ls", ["whimbrel number ls", "whimbrel number ls --json"]),
    (
        "number assign",
        [
            "whimbrel number assign 447700900200 --account devkey01",
            "whimbrel number assign 447700900200 --account devkey01 --inbound-url https://example.com/in",
        ],
    ),
    ("number pool", ["whimbrel number pool ls", "whimbrel number pool add 447700900901 --country GB --monthly 1.25"]),
    ("number pool ls", ["whimbrel number pool ls", "whimbrel number pool ls --json"]),
    (
        "number pool add",
        [
            "whimbrel number pool add 447700900901 --country GB --features SMS,VOICE --monthly 1.25",
            "whimbrel number pool add --file numbers.csv",
        ],
    ),
    ("number pool rm", ["whimbrel number pool rm 447700900901", "whimbrel number pool rm 447700900901 --yes"]),
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
    (
        "sign",
        [
            "whimbrel sign standard-webhooks --secret-env SECRET --file webhook.txt",
            "whimbrel sign oauth1 --secret-file key --set consumer_key=k1 --url https://example.com/",
        ],
    ),
    (
        "verify",
        [
            "whimbrel verify standard-webhooks --secret-env SECRET --explain --file webhook.txt",
            "whimbrel verify oauth1 --secret-stdin --file request.txt --window 86400",
        ],
    ),
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
    ("openapi", ["whimbrel openapi", "whimbrel openapi native"]),
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
