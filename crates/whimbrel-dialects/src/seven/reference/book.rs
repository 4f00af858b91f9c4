//! Hooks, contacts, groups.

use super::failed;
use crate::exchange;
use crate::openapi::Method::{Delete, Get, Patch, Post, Put};
use crate::openapi::{
    Field, Method, Operation, Schema, boolean, integer, list, may, need, null, object, one_of, text, whole_number,
    words,
};
use crate::seven::answer::TEXT;

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![hooks(), add_hook(), remove_hook()];
    all.extend([contacts(), add_contact(), contact()]);
    all.extend([(Patch, "changeContact"), (Put, "replaceContact"), (Post, "changeContactByPost")].map(change_contact));
    all.extend([remove_contact(), groups(), add_group(), group()]);
    all.extend([(Patch, "changeGroup"), (Put, "replaceGroup"), (Post, "changeGroupByPost")].map(change_group));
    all.push(remove_group());
    all
}

const HOOKS: &str = "Webhooks";
const EVENTS: &[&str] =
    &["all", "sms_mo", "dlr", "rcs", "rcs_dlr", "rcs_mo", "tracking", "voice_call", "voice_status", "voice_dtmf"];
const METHODS: &[&str] = &["POST", "JSON", "GET"];

/// What an answer about hooks says beside what it is about.
fn told(more: impl IntoIterator<Item = Field>) -> Schema {
    let always =
        [need("success", boolean(), ""), need("code", null(), ""), may("error_message", text().or_null(), "Why not")];
    object(always.into_iter().chain(more))
}

fn hooks() -> Operation {
    let hook = object([
        need("id", text(), ""),
        need("target_url", text(), ""),
        need("headers", text(), "Lines of `Name: value`"),
        need("event_type", words(EVENTS), ""),
        need("event_filter", text().or_null(), ""),
        need("request_method", words(METHODS), ""),
        need("enabled", boolean(), ""),
        need("created", text(), "German time"),
    ]);
    Operation::new(Get, "/api/hooks", (HOOKS, "listHooks"), "List where webhooks go")
        .query([may("action", words(&["read"]), "The form of the first clients")])
        .answers(200, "The hooks", told([may("hooks", list(hook), "")]))
        .seen("hooks", &exchange!("seven/hooks-are-listed"))
}

fn add_hook() -> Operation {
    Operation::new(Post, "/api/hooks", (HOOKS, "addHook"), "Have webhooks sent to a URL")
        .about("With `action=unsubscribe` or `action=read` it does what DELETE and GET do.")
        .form([
            need("target_url", text().format("uri").chars(1, 2000), "An absolute URL")
                .such_as("https://example.com/hook"),
            need("event_type", words(EVENTS), "Which events; those that are not told here never come").such_as("dlr"),
            may("request_method", words(METHODS), "A form, JSON, or parameters of a GET"),
            may("event_filter", text().chars(1, 100), "Only what is about this number"),
            may("headers", text().chars(1, 4000), "Lines of `Name: value` to send along; kept sealed"),
            may("action", words(&["subscribe", "unsubscribe", "read"]), "The form of the first clients"),
            may("id", text(), "With `unsubscribe`: which"),
        ])
        .answers(
            200,
            "Its id, or why not",
            told([may("id", whole_number(), ""), may("hooks", list(object([])), "With `action=read`")]),
        )
        .seen("made", &exchange!("seven/a-hook-is-made"))
        .seen("refused", &exchange!("seven/a-hook-with-a-bad-event-is-refused"))
}

fn remove_hook() -> Operation {
    Operation::new(Delete, "/api/hooks", (HOOKS, "removeHook"), "Have no more webhooks sent to a URL")
        .form([need("id", text(), "Which").such_as("410")])
        .answers(200, "Whether it is gone", told([]))
        .seen("gone", &exchange!("seven/a-hook-is-removed"))
}

const BOOK: &str = "Address book";

fn removed() -> Schema {
    object([need("success", boolean(), "")])
}

fn page(entry: Schema) -> Schema {
    let count = |name| need(name, whole_number(), "");
    let paging =
        object([count("offset"), count("count"), count("total"), count("limit"), need("has_more", boolean(), "")]);
    object([need("data", list(entry), ""), need("pagingMetadata", paging, "")])
}

fn paged() -> [Field; 2] {
    [
        may("limit", integer(1, 1000), "Entries, 100 if nothing is said").such_as(10),
        may("offset", integer(0, 4_294_967_295), "Entries to skip"),
    ]
}

/// What may be said of a contact.
fn said() -> Vec<Field> {
    let short = || text().chars(0, 1000);
    let property = |name, about| may(name, short(), about);
    vec![
        property("firstname", "").such_as("Ada"),
        property("lastname", "").such_as("King"),
        property("mobile_number", "Where texts to this name go").such_as("0170 1234567"),
        property("home_number", ""),
        property("email", ""),
        property("address", ""),
        property("postal_code", ""),
        property("city", ""),
        property("birthday", ""),
        property("notes", ""),
        may("properties", object([]), "The same names, as members of an object"),
        may("avatar", short(), "A URL"),
        may("groups", one_of([text(), list(whole_number())]), "Numbers of groups, with commas in a form"),
    ]
}

fn entry() -> Schema {
    let property = |name| need(name, text().or_null(), "");
    let properties = [
        "firstname",
        "lastname",
        "fullname",
        "mobile_number",
        "home_number",
        "email",
        "address",
        "postal_code",
        "city",
        "birthday",
        "notes",
    ];
    object([
        need("id", whole_number(), ""),
        need("avatar", text(), ""),
        need("created", text(), "German time"),
        need("groups", list(whole_number()), ""),
        need("initials", object([need("initials", text(), ""), need("color", text(), "")]), ""),
        need("properties", object(properties.map(property)), ""),
        need("validation", object([need("state", text().or_null(), ""), need("timestamp", text().or_null(), "")]), ""),
    ])
    .named("Contact")
}

fn group_entry() -> Schema {
    object([
        need("id", whole_number(), ""),
        need("name", text(), ""),
        need("members_count", whole_number().or_null(), ""),
        need("created", text(), "German time"),
    ])
    .named("Group")
}

/// With what every call of the address book may be refused for.
fn may_fail(operation: Operation) -> Operation {
    operation.answers(400, "What is said cannot be so", failed())
}

/// The same with the id of an entry in the path.
fn of_entry(operation: Operation, example: &'static str) -> Operation {
    may_fail(operation).path("id", text(), "Its number", example).answers(404, "There is none with that id", failed())
}

/// Entries that are as many as there may be are refused with 200.
fn or_full(schema: Schema) -> Schema {
    one_of([schema, failed()])
}

fn contacts() -> Operation {
    may_fail(Operation::new(Get, "/api/contacts", (BOOK, "listContacts"), "List contacts"))
        .about("With `action` as the first clients say it: `read`, `write` and `del`, in JSON or in lines of text.")
        .query(paged())
        .query(said_old())
        .answers(200, "A page of them, or what `action` asks for", one_of([page(entry()), old_contacts(), done_old()]))
        .answers_in(200, "The same in lines, with `action`", TEXT, text())
        .seen("contacts", &exchange!("seven/contacts-are-listed"))
        .seen("read", &exchange!("seven/contacts-the-old-way"))
        .seen("write", &exchange!("seven/a-contact-is-made-the-old-way"))
        .seen("text", &exchange!("seven/contacts-the-old-way-in-plain"))
}

/// What the first clients say; the address is among what every contact may say.
fn said_old() -> [Field; 5] {
    let actions = words(&["read", "write", "del"]);
    [
        may("action", actions, "What is done, in the form of the first clients").such_as("read"),
        may("id", text(), "Of one contact, with `action`"),
        may("nick", text(), "Its name, with `action=write`"),
        may("empfaenger", text(), "Its number, with `action=write`"),
        may("json", words(&["0", "1"]), "With `action`, JSON instead of lines"),
    ]
}

/// The list as the first clients read it.
fn old_contacts() -> Schema {
    list(object(["ID", "Name", "Number"].map(|name| need(name, text(), ""))))
}

/// What the first clients are told of a contact that was written or removed.
fn done_old() -> Schema {
    object([need("return", words(&["151", "152"]), "152: it is done"), may("id", text(), "Of what was written")])
}

fn add_contact() -> Operation {
    may_fail(Operation::new(Post, "/api/contacts", (BOOK, "addContact"), "Add a contact"))
        .about("With `action` as the first clients say it: see the list of contacts.")
        .form(said().into_iter().chain(said_old()))
        .answers(
            200,
            "The contact, or why there may be no more",
            one_of([entry(), failed(), old_contacts(), done_old()]),
        )
        .answers_in(200, "With `action`, lines", TEXT, text())
        .seen("contact", &exchange!("seven/a-contact-is-made"))
        .seen("del", &exchange!("seven/a-contact-is-removed-the-old-way"))
        .seen("number", &exchange!("seven/a-contact-with-a-bad-number-is-refused"))
}

fn contact() -> Operation {
    of_entry(Operation::new(Get, "/api/contacts/{id}", (BOOK, "readContact"), "See a contact"), "12")
        .answers(200, "The contact", entry())
        .seen("contact", &exchange!("seven/a-contact-is-shown"))
        .seen("none", &exchange!("seven/an-unknown-contact"))
}

fn change_contact((method, name): (Method, &'static str)) -> Operation {
    let operation = Operation::new(method, "/api/contacts/{id}", (BOOK, name), "Change a contact");
    let operation =
        of_entry(operation, "12").about("What is left out stays; an empty value is taken away.").form(said());
    operation
        .answers(200, "The contact", entry())
        .seen("contact", &exchange!("seven/a-contact-is-changed"))
        .seen("long", &exchange!("seven/a-contact-that-says-too-much"))
}

fn remove_contact() -> Operation {
    of_entry(Operation::new(Delete, "/api/contacts/{id}", (BOOK, "removeContact"), "Remove a contact"), "12")
        .answers(200, "It is gone", removed())
        .seen("gone", &exchange!("seven/a-contact-is-removed"))
}

fn groups() -> Operation {
    may_fail(Operation::new(Get, "/api/groups", (BOOK, "listGroups"), "List groups"))
        .query(paged())
        .answers(200, "A page of them", page(group_entry()))
        .seen("groups", &exchange!("seven/groups-are-listed"))
}

fn named() -> Schema {
    text().chars(1, 1000).pattern("^[^,]+$")
}

fn add_group() -> Operation {
    may_fail(Operation::new(Post, "/api/groups", (BOOK, "addGroup"), "Add a group"))
        .form([need("name", named(), "Its name, without a comma").such_as("Friends")])
        .answers(200, "The group, or why there may be no more", or_full(group_entry()))
        .seen("group", &exchange!("seven/a-group-is-made"))
}

fn group() -> Operation {
    of_entry(Operation::new(Get, "/api/groups/{id}", (BOOK, "readGroup"), "See a group"), "7").answers(
        200,
        "The group",
        group_entry(),
    )
}

fn change_group((method, name): (Method, &'static str)) -> Operation {
    of_entry(Operation::new(method, "/api/groups/{id}", (BOOK, name), "Rename a group"), "7")
        .form([may("name", named(), "Its name, without a comma").such_as("Friends")])
        .answers(200, "The group", group_entry())
}

fn remove_group() -> Operation {
    of_entry(Operation::new(Delete, "/api/groups/{id}", (BOOK, "removeGroup"), "Remove a group"), "7")
        .query([may("delete_contacts", words(&["0", "1", "true", "false"]), "Its contacts as well")])
        .answers(200, "It is gone", removed())
        .seen("gone", &exchange!("seven/a-group-is-removed"))
}
