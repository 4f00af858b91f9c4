//! `whimbrel help`: of a command, of a topic, or the whole tree for programs.

use clap::{Arg, ArgAction, Command};
use serde_json::{Value, json};
use whimbrel_inbox::search::KEYS;

use super::args::HelpArgs;
use super::output::{self, Out};
use super::{Exit, Failure, examples, inbox};

pub(super) fn run(args: &HelpArgs, out: &Out) -> Result<(), Failure> {
    let mut command = examples::command();
    command.build();
    if args.topic.is_empty() {
        out.document("help", &tree(&command, ""), || command.render_long_help().to_string());
        return Ok(());
    }
    if let [topic] = &args.topic[..]
        && topic == "exit-codes"
    {
        let codes = Exit::ALL.map(|exit| json!({ "code": exit.code(), "meaning": exit.meaning() }));
        out.document("exit-codes", &json!({ "exit_codes": codes }), || {
            let rows: Vec<_> =
                Exit::ALL.iter().map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]).collect();
            out.table(&["CODE", "MEANING"], &rows)
        });
        return Ok(());
    }
    if let [topic] = &args.topic[..]
        && topic == "search"
    {
        let keys = KEYS
            .iter()
            .map(|key| json!({ "key": key.name, "takes": key.takes, "finds": key.finds, "example": key.example }));
        out.document("search", &json!({ "keys": keys.collect::<Value>() }), inbox::grammar);
        return Ok(());
    }
    let mut found = &command;
    for name in &args.topic {
        found = found.find_subcommand(name).ok_or_else(|| {
            let topic = output::printable(&args.topic.join(" "));
            Failure::new(
                Exit::NotFound,
                format!("there is no command or topic `{topic}`; the topics are: exit-codes, search"),
            )
        })?;
    }
    let path = args.topic.join(" ");
    out.document("help", &tree(found, &path), || found.clone().render_long_help().to_string());
    Ok(())
}

/// A command with everything below it.
pub(super) fn tree(command: &Command, path: &str) -> Value {
    let text = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string);
    let below = |command: &Command| {
        let name = command.get_name();
        tree(command, &if path.is_empty() { name.to_owned() } else { format!("{path} {name}") })
    };
    json!({
        "name": command.get_name(),
        "path": path,
        "about": text(command.get_about()),
        "aliases": command.get_visible_aliases().collect::<Vec<_>>(),
        "examples": examples::of(path),
        "arguments": command.get_arguments().filter(|arg| !arg.is_hide_set()).map(argument).collect::<Value>(),
        "commands": command.get_subcommands().filter(|below| !below.is_hide_set()).map(below).collect::<Value>(),
    })
}

fn argument(arg: &Arg) -> Value {
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let words = |values: &[clap::builder::OsStr]| -> Vec<String> {
        values.iter().map(|value| value.to_string_lossy().into_owned()).collect()
    };
    let choices: Vec<String> = match takes_value {
        true => arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
        false => Vec::new(),
    };
    json!({
        "name": arg.get_id().as_str(),
        "flag": arg.get_long().map(|long| format!("--{long}")),
        "short": arg.get_short().map(|short| format!("-{short}")),
        "help": arg.get_help().map(ToString::to_string),
        "value": takes_value.then(|| arg.get_value_names().and_then(|names| names.first().map(ToString::to_string))).flatten(),
        "choices": choices,
        "default": if takes_value { words(arg.get_default_values()) } else { Vec::new() },
        "environment": arg.get_env().map(|name| name.to_string_lossy().into_owned()),
        "required": arg.is_required_set(),
        "repeats": matches!(arg.get_action(), ArgAction::Append)
            || arg.get_num_args().is_some_and(|count| count.max_values() > 1),
    })
}
