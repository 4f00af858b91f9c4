//! The built-in simulator and its phones.

use whimbrel_dialects::openapi::Method::{Get, Patch, Post, Put};
use whimbrel_dialects::openapi::{
    Operation, Schema, any, list, may, need, object, one_of, open, text, whole_number, words,
};

use super::gateway::index;
use super::{OPERATORS, PROBLEM, conflicting, problem, time, v1};

const TAG: &str = "Simulator";
const PHONE: &str = "447700900000";

pub(super) fn operations() -> Vec<Operation> {
    let all = [
        phones(),
        phone(),
        reply(),
        set(),
        counts(),
        clients(),
        sessions(),
        sent(),
        scenario(),
        change(),
        disconnect(),
    ];
    all.map(|operation| operation.proved_by(OPERATORS)).into()
}

fn numbered(operation: Operation) -> Operation {
    operation.path("number", text(), "The phone's number", PHONE)
}

fn phones() -> Operation {
    Operation::new(Get, v1!("phones"), (TAG, "listPhones"), "List phones that were written to").answers(
        200,
        "The phones",
        list(object([need("number", text(), ""), need("text_count", whole_number(), "")])),
    )
}

fn phone() -> Operation {
    let shown = object([
        need("at", time(), ""),
        need("direction", words(&["to_phone", "from_phone"]), ""),
        need("with", text(), "The other end"),
        need("system_id", text().or_null(), ""),
        need("part_count", whole_number(), ""),
        need("text", text().or_null(), ""),
    ]);
    numbered(Operation::new(Get, v1!("phones/{number}"), (TAG, "readPhone"), "See the last texts of a phone")).answers(
        200,
        "The texts",
        list(shown),
    )
}

fn reply() -> Operation {
    let taken =
        object([need("ids", list(whole_number()), ""), need("parts", whole_number(), ""), need("state", text(), "")]);
    numbered(Operation::new(Post, v1!("phones/{number}/reply"), (TAG, "replyFromPhone"), "Have a phone send a text"))
        .json([
            need("to", text(), "A number or short code").such_as("447700900200"),
            may("text", text(), "").such_as("Yes, please"),
            may("alphabet", words(&["auto", "gsm7", "ucs2"]), ""),
            may("data", text().pattern("^([0-9A-Fa-f]{2})*$"), "Octets, in place of a text"),
            may("udh", text().pattern("^([0-9A-Fa-f]{2})*$"), "A user data header for these"),
            may("concat", words(&["udh8", "udh16", "sar", "payload"]), "How parts say they belong together"),
            may("system_id", text(), "Over the sessions of this client"),
        ])
        .answers(202, "It is on its way", taken)
        .answers_in(422, "It cannot be sent so", PROBLEM, problem())
}

fn set() -> Operation {
    let now = object([need("number", text(), ""), need("setting", any(), ""), need("after", text().or_null(), "")]);
    let operation = numbered(Operation::new(
        Patch,
        v1!("phones/{number}"),
        (TAG, "setPhone"),
        "Decide what becomes of texts to a phone",
    ))
    .json([
        may("setting", words(&["on", "off"]), "").such_as("on"),
        may("outcome", text(), "Such as expired"),
        may("after", text(), "When the first receipt comes, such as 2s"),
    ]);
    conflicting(operation, "There are as many as there may be").answers(200, "What holds", now)
}

fn counters() -> Schema {
    let count = |name| need(name, whole_number(), "");
    object(["accepted", "refused", "throttled", "unanswered", "delivered", "acknowledged", "dropped"].map(count))
        .named("Counters")
}

fn counts() -> Operation {
    let all = object([
        need("counters", counters(), ""),
        need("session_count", whole_number(), ""),
        need("kept_count", whole_number(), ""),
        need("text_parts_pending", whole_number(), ""),
    ]);
    Operation::new(Get, v1!("simulator"), (TAG, "readSimulator"), "Count what the simulator did").answers(
        200,
        "The counts",
        all,
    )
}

fn clients() -> Operation {
    let client = object([
        need("system_id", text(), ""),
        need("session_count", whole_number(), ""),
        need("counters", counters(), ""),
    ]);
    Operation::new(Get, v1!("simulator/clients"), (TAG, "listClients"), "Count by client").answers(
        200,
        "The clients",
        list(client),
    )
}

fn sessions() -> Operation {
    let session = object([
        need("session", whole_number(), ""),
        need("system_id", text(), ""),
        need("mode", text(), ""),
        need("peer", text(), ""),
        need("bound_since", time(), ""),
        need("counters", counters(), ""),
    ]);
    Operation::new(Get, v1!("simulator/sessions"), (TAG, "listSessions"), "Count by session").answers(
        200,
        "The sessions",
        list(session),
    )
}

fn sent() -> Operation {
    let count = |name| need(name, whole_number(), "");
    let state = object([
        need("id", index(), ""),
        count("part_count"),
        count("sent_count"),
        count("acknowledged_count"),
        count("refused_count"),
        count("dropped_count"),
        need("state", text(), ""),
    ]);
    Operation::new(
        Get,
        v1!("simulator/texts/{id}"),
        (TAG, "readPhoneText"),
        "See what became of a text that a phone sent",
    )
    .path("id", text(), "Its number", "1")
    .answers(200, "How far it is", state)
}

fn behaviour() -> Schema {
    open([]).named("Scenario")
}

fn scenario() -> Operation {
    Operation::new(Get, v1!("simulator/scenario"), (TAG, "readScenario"), "See how the simulator behaves").answers(
        200,
        "The scenario",
        behaviour(),
    )
}

fn change() -> Operation {
    Operation::new(Put, v1!("simulator/scenario"), (TAG, "changeScenario"), "Have the simulator behave otherwise")
        .body(&["application/json", "application/toml"], behaviour())
        .answers(200, "The scenario", behaviour())
        .answers_in(422, "It is no scenario", PROBLEM, problem())
}

fn disconnect() -> Operation {
    let one = open([]);
    Operation::new(Post, v1!("simulator/disconnect"), (TAG, "endSessions"), "End sessions")
        .json([
            need(
                "target",
                one_of([words(&["everybody"]), one]),
                "`everybody`, `{\"session\": 1}` or `{\"system_id\": \"x\"}`",
            )
            .such_as("everybody"),
            need("how", words(&["unbind", "close", "reset", "half_pdu"]), "").such_as("unbind"),
        ])
        .answers(200, "How many", object([need("sessions", whole_number(), "")]))
}
