//! `GET settings`: how the gateway is set up and how it is, who may sign in, and who did what.

use serde_json::{Value, json};
use whimbrel_web::Frame;
use whimbrel_web::accounts::MadePage;
use whimbrel_web::faults::Faults;
use whimbrel_web::frame::{Flash, Section};
use whimbrel_web::operations::{AuditPage, AuditRow, OperatorRow, Setting, SettingsPage, Verdict};
use whimbrel_web::shown::State;

use super::document::{count, instant, list, sentence, text};
use super::form::Form;
use super::{Visit, accounts, clock, faults, moved, own, page};
use crate::api::{Api, Called};
use crate::server::Answer;

/// Lines of the audit log on the page of settings, and on its own.
const AUDIT_FEW: usize = 10;
const AUDIT_MANY: usize = 100;

/// `GET settings`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>, flash: Option<Flash>) -> Answer {
    show_typed(api, visit, flash, None).await
}

/// The same with faults that were `typed` and could not be ordered.
pub(super) async fn show_typed(api: &Api, visit: &Visit<'_>, flash: Option<Flash>, typed: Option<Faults>) -> Answer {
    let config = visit.read(api, "config").await;
    if !config.is_done() {
        return accounts::refused(visit, &config);
    }
    let look = visit.read(api, "check").await.document;
    let operators = visit.read(api, "operators").await;
    let audit = visit.read(api, &format!("audit?limit={AUDIT_FEW}")).await;
    let faults = match typed {
        Some(typed) => Some(typed),
        None => faults::read(api, visit).await,
    };
    let ready = match api.engine.store_stopped() {
        None => State { word: "takes and keeps".into(), icon: "✔", tone: "good" },
        Some(why) => State { word: why.to_string().into(), icon: "✘", tone: "bad" },
    };
    let done = Form::of_query(visit.request).value("done").and_then(told).map(Flash::done);
    let shown = SettingsPage {
        frame: Frame { flash: flash.or(done), ..visit.frame_in(Section::Settings, "Settings") },
        version: env!("CARGO_PKG_VERSION").into(),
        ready,
        looked_at: look["at"].is_string().then(|| instant(&look, "at").short),
        verdicts: list(&look, "invariants").iter().map(verdict).collect(),
        settings: list(&config.document, "settings").iter().map(setting).collect(),
        operators: operators.is_done().then(|| list(&operators.document, "operators").iter().map(operator).collect()),
        audit: audit.is_done().then(|| list(&audit.document, "audit").iter().map(line).collect()),
        own: own::way(api, visit).await,
        clock: clock::read(api, visit).await,
        faults,
    };
    page(200, &shown).into()
}

fn verdict(verdict: &Value) -> Verdict {
    let state = match count(verdict, "violations") {
        0 => State { word: "kept".into(), icon: "✔", tone: "good" },
        broken => State { word: format!("broken by {broken} rows").into(), icon: "✘", tone: "bad" },
    };
    Verdict { invariant: text(verdict, "invariant"), rows: text(verdict, "rows"), state, first: text(verdict, "first") }
}

fn setting(setting: &Value) -> Setting {
    Setting {
        path: text(setting, "setting"),
        value: text(setting, "value"),
        origin: text(setting, "origin"),
        help: text(setting, "help"),
        change: sentence(&text(setting, "change")).into(),
    }
}

fn operator(operator: &Value) -> OperatorRow {
    OperatorRow {
        name: text(operator, "name"),
        role: text(operator, "role"),
        totp: text(operator, "totp"),
        created_at: instant(operator, "created_at"),
    }
}

fn line(line: &Value) -> AuditRow {
    let state = match count(line, "status") {
        0 => State { word: "not answered".into(), icon: "!", tone: "warn" },
        status @ 200..=399 => State { word: status.to_string().into(), icon: "✔", tone: "good" },
        status => State { word: status.to_string().into(), icon: "✘", tone: "bad" },
    };
    AuditRow {
        at: instant(line, "at"),
        person: text(line, "person"),
        source: text(line, "source"),
        act: text(line, "act"),
        subject: text(line, "subject"),
        state,
    }
}

fn told(word: &str) -> Option<&'static str> {
    Some(match word {
        "remove" => "They may sign in no more, and are signed out.",
        "faults" => "The faults are made from now on.",
        "faults-off" => "No faults are made on order any more.",
        "app-off" => "You are asked for codes no more.",
        _ => return None,
    })
}

/// `GET settings/audit?before=`.
pub(super) async fn audit(api: &Api, visit: &Visit<'_>) -> Answer {
    let before = Form::of_query(visit.request).filled("before").map(str::to_owned);
    let before = before.map(|id| format!("&before={}", whimbrel_web::links::encoded(&id))).unwrap_or_default();
    let answered = visit.read(api, &format!("audit?limit={AUDIT_MANY}{before}")).await;
    if !answered.is_done() {
        return accounts::refused(visit, &answered);
    }
    let lines = list(&answered.document, "audit");
    let last = lines.last().filter(|_| lines.len() == AUDIT_MANY).map(|last| text(last, "id"));
    let shown = AuditPage {
        frame: visit.frame_in(Section::Settings, "Who did what"),
        rows: lines.iter().map(line).collect(),
        older: last.map(|id| visit.links.page(&format!("settings/audit?before={id}")).into()),
    };
    page(200, &shown).into()
}

/// `POST settings/check`, `settings/reload` and `settings/end-shares`.
pub(super) async fn act(api: &Api, visit: &Visit<'_>, act: &str) -> Answer {
    let (method, path) = match act {
        "reload" => ("POST", "config/reload"),
        "end-shares" => ("DELETE", "shares"),
        _ => ("POST", "check"),
    };
    let answered = visit.call(api, Called { method, path, body: None }).await;
    let flash = match (act, answered.is_done()) {
        (_, false) => answered.failed(),
        ("end-shares", true) => Flash::done("No link that was made before shows a message any more."),
        ("reload", true) => reloaded(&answered.document),
        (_, true) => Flash::done("The store was looked at: see what it found below."),
    };
    show(api, visit, Some(flash)).await
}

fn reloaded(answer: &Value) -> Flash {
    let said = |name: &str| list(answer, name).iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
    match (&*said("applied"), &*said("restart_needed")) {
        ("", "") => Flash::done("Nothing has changed in the configuration."),
        (applied, "") => Flash::done(&format!("Applied: {applied}.")),
        ("", restart) => Flash::done(&format!("A restart is needed for: {restart}.")),
        (applied, restart) => Flash::done(&format!("Applied: {applied}. A restart is needed for: {restart}.")),
    }
}

/// `POST settings/operators`: somebody may sign in, by a password that is shown this once.
pub(super) async fn add_operator(api: &Api, visit: &Visit<'_>) -> Answer {
    let form = Form::read(visit.request);
    let body = json!({ "name": form.value("name").unwrap_or_default().trim(), "role": form.value("role") });
    let made = visit.call(api, Called { method: "POST", path: "operators", body: Some(body) }).await;
    match made.is_done() {
        true => password_page(visit, "They may sign in", &made.document),
        false => show(api, visit, Some(made.failed())).await,
    }
}

/// `POST settings/operators/{name}/password` and `remove`.
pub(super) async fn change_operator(api: &Api, visit: &Visit<'_>, name: &str, act: &str) -> Answer {
    let (method, path) = match act {
        "remove" => ("DELETE", format!("operators/{name}")),
        _ => ("POST", format!("operators/{name}/password")),
    };
    let answered = visit.call(api, Called { method, path: &path, body: None }).await;
    match (act, answered.is_done()) {
        (_, false) => show(api, visit, Some(answered.failed())).await,
        ("remove", true) => moved(&format!("{}?done=remove", visit.links.page("settings"))).into(),
        (_, true) => password_page(visit, "Another password", &answered.document),
    }
}

fn password_page(visit: &Visit<'_>, title: &str, document: &Value) -> Answer {
    let facts = [("name", "Name"), ("role", "May"), ("password", "Password")];
    let made = MadePage {
        frame: visit.frame_in(Section::Settings, title),
        facts: facts.map(|(name, title)| (title.into(), text(document, name))).to_vec(),
        lines: Vec::new(),
        onward: (visit.links.page("settings").into(), "To the settings".into()),
    };
    page(201, &made).into()
}
