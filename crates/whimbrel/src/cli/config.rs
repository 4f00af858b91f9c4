//! `whimbrel config`, and how every command reads the configuration.

use super::args::{ConfigCommand, SettingArgs};
use super::{Exit, Failure, output};
use crate::config::{self, Config, DEFAULT_FILE, Inputs, Profile, read_config_file, read_secret_file};

pub(super) fn run(command: ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Defaults => {
            output::answer(DEFAULT_FILE);
            Ok(())
        }
        ConfigCommand::Check { settings } => check(&settings),
    }
}

fn check(args: &SettingArgs) -> Result<(), Failure> {
    let config = load(args)?;
    crate::gateway::check_tables(&config)
        .map_err(|error| Failure::from_error(Exit::Config, "configuration", &error))?;
    let width = config.shown.iter().map(|setting| setting.path.len()).max().unwrap_or(0);
    let lines: Vec<String> = config
        .shown
        .iter()
        .map(|shown| format!("{:<width$} = {}  ({})", shown.path, shown.value, shown.origin))
        .collect();
    output::answer(&lines.join("\n"));
    for warning in &config.warnings {
        output::hint(&format!("warning: {warning}"));
    }
    output::hint("the configuration is good");
    Ok(())
}

/// Reads the layers that the flags name.
pub(super) fn load(args: &SettingArgs) -> Result<Config, Failure> {
    let profile = if args.dev { Profile::Development } else { Profile::Production };
    let file = match &args.config {
        Some(path) => {
            let text = read_config_file(path).map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
            Some((path.display().to_string(), text))
        }
        None => None,
    };
    let environment = environment();
    let flags = flags(args);
    let inputs = Inputs {
        profile,
        file: file.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        env: &environment,
        flags: &flags,
        read_secret: &read_secret_file,
    };
    config::load(&inputs).map_err(|errors| Failure::new(Exit::Config, errors.to_string()))
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

/// The data folder of `serve --dev` when nothing else is said.
pub(super) fn default_data_dir() -> Option<std::path::PathBuf> {
    let environment = environment();
    let inputs = Inputs {
        profile: Profile::Development,
        file: None,
        env: &environment,
        flags: &[],
        read_secret: &read_secret_file,
    };
    config::load(&inputs).ok().map(|config| config.data_dir)
}
