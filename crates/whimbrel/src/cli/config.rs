//! `whimbrel config`, and how every command reads the configuration.

use serde_json::{Value, json};

use super::args::{ConfigCommand, ServerArgs, SettingArgs};
use super::client::{Server, refused};
use super::output::Out;
use super::{Exit, Failure, Problem, output};
use crate::config::{self, Config, Inputs, Origins, Profile, Secrets, Source, read_secret_file};

pub(super) fn run(command: ConfigCommand, out: &Out) -> Result<(), Failure> {
    match command {
        ConfigCommand::Defaults => output::answer(&config::default_file()),
        ConfigCommand::Schema => output::answer(&format!("{:#}", config::json_schema())),
        ConfigCommand::Check { settings } => return check(&settings, out),
        ConfigCommand::Print { settings, with_secrets, origin, redacted: _ } => {
            let config = load(&settings)?;
            let secrets = if with_secrets { Secrets::Shown } else { Secrets::Hidden };
            let origins = if origin { Origins::Commented } else { Origins::Left };
            out.document("config", &config.to_json(), || config.to_toml(secrets, origins));
        }
        ConfigCommand::Explain { settings, setting } => {
            let explained = load(&settings)?.explain(&setting);
            let explained = explained.map_err(|error| Failure::coded(Exit::NotFound, "E0500", error.to_string()))?;
            out.document("setting", &explained.to_json(), || explained.to_string());
        }
        ConfigCommand::Reload { server } => return super::block_on(reload(&server, out)),
    }
    Ok(())
}

fn check(args: &SettingArgs, out: &Out) -> Result<(), Failure> {
    let config = load(args)?;
    crate::gateway::check_files(&config).map_err(|error| Failure::from_error(Exit::Config, "configuration", &error))?;
    for warning in &config.warnings {
        out.warning(warning);
    }
    let counts = (config.carriers.len(), config.routes.len(), config.warnings.len());
    let document = json!({
        "valid": true, "carriers": counts.0, "routes": counts.1, "warnings": config.warnings,
    });
    out.document("config-check", &document, || {
        let some = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let (carriers, routes) = (some(counts.0, "carrier"), some(counts.1, "route"));
        format!("the configuration is good: {carriers}, {routes}, {}", some(counts.2, "warning"))
    });
    Ok(())
}

async fn reload(server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    let (status, answer) = Server::find(server)?.api_any("POST", "config/reload", None).await?;
    if !(200..300).contains(&status) {
        return Err(not_reloaded(status, &answer));
    }
    out.document("config-reload", &answer, || {
        let texts = |name: &str| -> Vec<String> {
            let list = answer[name].as_array().into_iter().flatten();
            list.map(|text| output::printable(text.as_str().unwrap_or(&text.to_string()))).collect()
        };
        let mut lines = texts("applied");
        lines.extend(texts("restart_needed").iter().map(|key| format!("{key}: needs a restart, the old value holds")));
        if lines.is_empty() { "nothing changed".to_owned() } else { lines.join("\n") }
    });
    Ok(())
}

/// A reload that was refused: every fault that the server found.
fn not_reloaded(status: u16, answer: &Value) -> Failure {
    let errors = answer["errors"].as_array().filter(|errors| status == 422 && !errors.is_empty());
    let Some(errors) = errors else { return refused(status, answer) };
    let mut failure = Failure::coded(Exit::Config, "E0219", "the reload was refused, the server goes on as it was");
    failure.problems.extend(errors.iter().map(|error| {
        let message = output::printable(error.as_str().unwrap_or(&error.to_string()));
        Problem { code: "E0200", message, more: None }
    }));
    failure
}

/// Reads the layers that the flags name.
fn load(args: &SettingArgs) -> Result<Config, Failure> {
    Ok(source(args).load()?)
}

/// Where the flags say that the configuration comes from.
pub(super) fn source(args: &SettingArgs) -> Source {
    let profile = if args.dev { Profile::Development } else { Profile::Production };
    Source { profile, path: args.config.clone(), flags: flags(args), env: environment() }
}

/// The flags as settings.
fn flags(args: &SettingArgs) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    let mut add = |path: &str, value: Option<String>| flags.extend(value.map(|value| (path.to_owned(), value)));
    add("listen.http", args.http.clone());
    add("listen.https", args.https.clone());
    add("listen.simulator", args.simulator.clone());
    add("data.dir", args.data_dir.as_ref().map(|path| path.display().to_string()));
    add("log.filter", args.log.clone());
    if !args.allow_egress.is_empty() {
        add("egress.allow_hosts", Some(args.allow_egress.join(",")));
    }
    flags
}

fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The data folders of `serve --dev` and of `serve` when nothing else is said, in that order.
pub(super) fn default_data_dirs() -> Vec<std::path::PathBuf> {
    // Only what names a folder: a fault elsewhere in the environment is not this command's business.
    let names = ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"];
    let environment: Vec<_> = environment().into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    let folder = |profile| {
        let inputs = Inputs { profile, files: &[], env: &environment, flags: &[], read_secret: &read_secret_file };
        config::load(&inputs).ok().map(|config| config.data_dir)
    };
    [Profile::Development, Profile::Production].into_iter().filter_map(folder).collect()
}
