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
    let line = |shown: &config::Shown| {
        // An empty data.dir stands for a folder that was found; people want to read which.
        let value = if shown.path == "data.dir" { format!("{:?}", config.data_dir) } else { shown.value.clone() };
        format!("{:<width$} = {value}  ({})", shown.path, shown.origin)
    };
    let lines: Vec<String> = config.shown.iter().map(line).collect();
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

/// The data folders of `serve --dev` and of `serve` when nothing else is said, in that order.
pub(super) fn default_data_dirs() -> Vec<std::path::PathBuf> {
    // Only what names a folder: a fault elsewhere in the environment is not this command's business.
    let names = ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"];
    let environment: Vec<_> = environment().into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    let folder = |profile| {
        let inputs = Inputs { profile, file: None, env: &environment, flags: &[], read_secret: &read_secret_file };
        config::load(&inputs).ok().map(|config| config.data_dir)
    };
    [Profile::Development, Profile::Production].into_iter().filter_map(folder).collect()
}
