//! The routes of the third dialect: texts by their numbers, hooks, the journal.

use whimbrel_core::{AnswerTiming, InboundAlphabet, InboundContent, MessageText, ReceiptStatus};
use whimbrel_dialects::{Dialect, registry};

use super::{
    Caller, Names, Route, ask, forgotten, names_are_right, nothing, nothing_is_shown, object, open_with_key, own, seen,
};
use crate::support::{Folder, Gateway, Setup, soon};

const OWNER: Caller = Caller("Bearer 7700000000000000000000000000000000000000000000000000000000000001");
const STRANGER: Caller = Caller("Bearer 7700000000000000000000000000000000000000000000000000000000000002");

/// In texts, marks and URLs of the owner, and nowhere else.
const MARKS: &[&str] = &["planted", "447700900777", "447700900901"];

pub(super) const ROUTES: &[Route] = &[
    nothing("GET /api/sms"),
    nothing("POST /api/sms"),
    nothing("OPTIONS /api/sms"),
    object("DELETE /api/sms", "ids[]={later}"),
    object("DELETE /api/sms", "ids[]={sent}"),
    own("GET /api/balance", ""),
    object("GET /api/status?msg_id={sent}", ""),
    object("GET /api/status?msg_id={later}", ""),
    nothing("POST /api/status"),
    nothing("GET /api/pricing"),
    own("GET /api/hooks", ""),
    own("POST /api/hooks", "action=read"),
    object("DELETE /api/hooks?id={hook}", ""),
    object("POST /api/hooks", "action=unsubscribe&id={hook}"),
    own("GET /api/contacts", ""),
    nothing("POST /api/contacts"),
    object("GET /api/contacts/{contact}", ""),
    object("PATCH /api/contacts/{contact}", "city=Elsewhere"),
    object("DELETE /api/contacts/{contact}", ""),
    own("GET /api/groups", ""),
    nothing("POST /api/groups"),
    object("GET /api/groups/{group}", ""),
    object("PATCH /api/groups/{group}", "name=Elsewhere"),
    object("DELETE /api/groups/{group}", ""),
    object("DELETE /api/groups/{group}", "delete_contacts=true"),
    own("GET /api/journal/outbound", ""),
    object("GET /api/journal/outbound?id={sent}", ""),
    own("GET /api/journal/outbound?to={recipient}", ""),
    own("GET /api/journal/inbound", ""),
    own("GET /api/journal?type=inbound", ""),
    nothing("GET /api/journal/{side}"),
    own("GET /api/analytics/date", ""),
    own("GET /api/analytics/country", ""),
    own("GET /api/analytics/label", ""),
    own("GET /api/analytics/label?label=planted", ""),
    own("GET /api/analytics/subaccount", ""),
    own("GET /api/analytics?group_by=label", ""),
    nothing("GET /api/lookup"),
    nothing("POST /api/lookup"),
    nothing("GET /api/lookup/{what}"),
    // Not offered.
    nothing("POST /api/voice"),
    nothing("POST /api/validate_for_voice"),
    own("GET /api/subaccounts/list", ""),
    object("GET /api/subaccounts/list?id={below}", ""),
    own("GET /api/subaccounts", ""),
    nothing("POST /api/subaccounts/create"),
    object("POST /api/subaccounts/transfer_credits", "id={below}&amount=1"),
    object("POST /api/subaccounts/update", "id={below}&threshold=1&amount=1"),
    object("POST /api/subaccounts/delete", "id={below}"),
    nothing("POST /api/subaccounts/{what}"),
    own("GET /api/numbers/active", ""),
    object("GET /api/numbers/active/{number}", ""),
    own("GET /api/numbers/available", ""),
    nothing("POST /api/numbers/{what}"),
];

const VIEWS: &[&str] = &[
    "GET /api/status?msg_id={sent}",
    "GET /api/status?msg_id={later}",
    "GET /api/hooks",
    "GET /api/contacts",
    "GET /api/groups",
    "GET /api/journal/outbound",
    "GET /api/analytics/country",
    "GET /api/subaccounts/list",
    "GET /api/numbers/active",
];

fn dialect() -> &'static dyn Dialect {
    registry::by_name("seven").expect("it is built in")
}

#[test]
fn no_route_is_forgotten() {
    let missing = forgotten(dialect(), ROUTES);
    assert!(missing.is_empty(), "no row of the matrix is {missing:#?}");
}

/// Sends a text and gives its number.
async fn send(gateway: &Gateway, caller: Caller, pairs: &str) -> String {
    let sent = ask(gateway, dialect(), caller, "POST /api/sms", &format!("json=1&{pairs}")).await;
    let sent: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
    sent["messages"][0]["id"].as_str().unwrap_or_else(|| panic!("no number in {sent}")).to_owned()
}

/// Points an account's webhooks somewhere and names the hook.
async fn hook(gateway: &Gateway, caller: Caller, url: &str) -> String {
    let pairs = format!("action=subscribe&target_url={url}&event_type=all&request_method=POST");
    let made = ask(gateway, dialect(), caller, "POST /api/hooks", &pairs).await;
    let made: serde_json::Value = serde_json::from_slice(&made.body).expect("JSON");
    made["id"].as_i64().unwrap_or_else(|| panic!("no hook in {made}")).to_string()
}

/// Makes an entry of the address book and names it.
async fn entry(gateway: &Gateway, caller: Caller, line: &str, pairs: &str) -> String {
    let made = ask(gateway, dialect(), caller, line, pairs).await;
    let made: serde_json::Value = serde_json::from_slice(&made.body).expect("JSON");
    made["id"].as_i64().unwrap_or_else(|| panic!("no entry in {made}")).to_string()
}

#[tokio::test]
async fn a_stranger_learns_and_changes_nothing() {
    let folder = Folder::new("strangers-seven");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let owner = open_with_key(&gateway, dialect(), "owner-77", OWNER, "http://127.0.0.1:9/none").await;
    open_with_key(&gateway, dialect(), "strange7", STRANGER, "http://127.0.0.1:9/none").await;
    let hooked = hook(&gateway, OWNER, "http://planted.example/hook").await;
    hook(&gateway, STRANGER, "http://stranger.example/hook").await;
    let group = entry(&gateway, OWNER, "POST /api/groups", "name=planted").await;
    let properties = format!("firstname=planted&mobile_number=447700900777&groups={group}");
    let contact = entry(&gateway, OWNER, "POST /api/contacts", &properties).await;
    // A name is looked up among the caller's own.
    for name in ["planted", "Planted"] {
        let sent = ask(&gateway, dialect(), STRANGER, "POST /api/sms", &format!("json=1&to={name}&text=x")).await;
        assert!(String::from_utf8_lossy(&sent.body).contains("\"success\":\"202\""), "{name} is found by a stranger");
    }
    let sent =
        send(&gateway, OWNER, "to=447700900777&from=planted&text=planted&foreign_id=planted&label=planted").await;
    let submission = gateway.next_submission().await;
    gateway.sent(&submission, "c1", AnswerTiming::InTime).await;
    let in_an_hour = gateway.engine.world().now().unix_seconds() + 3_600;
    let later = send(&gateway, OWNER, &format!("to=447700900777&from=planted&text=planted&delay={in_an_hour}")).await;
    let made =
        ask(&gateway, dialect(), OWNER, "POST /api/subaccounts/create", "name=planted&email=planted@a.example").await;
    let made: serde_json::Value = serde_json::from_slice(&made.body).expect("JSON");
    let below = made["subaccount"]["id"].as_str().unwrap_or_else(|| panic!("no subaccount in {made}")).to_owned();
    gateway.engine.assign_number("447700900901", owner, None).await.expect("assigned");
    let content = InboundContent::Text { text: MessageText::new("planted"), alphabet: InboundAlphabet::Gsm7 };
    gateway.inbound("447700900901", content, None).await;
    // What became of the text that was sent may be told before: the text that came in is in the books when it is told itself.
    let mut came_in = false;
    while !came_in {
        let (told, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(200).expect("awaited");
        assert_eq!(told.url, "http://planted.example/hook");
        came_in = String::from_utf8_lossy(&told.body).contains("sms_mo");
    }

    let changed = |text: &str| {
        let mut text = text.to_owned();
        let last = text.pop().expect("long");
        text.push(if last == '9' { '8' } else { '9' });
        text
    };
    let both = |own: &str| [own.to_owned(), changed(own)];
    let names = Names::from([
        ("below", [below.clone(), format!("{below}99")]),
        ("number", both("447700900901")),
        ("contact", [contact.clone(), format!("{contact}99")]),
        ("group", [group.clone(), format!("{group}99")]),
        ("hook", both(&hooked)),
        ("later", [later.clone(), format!("{later}9")]),
        ("recipient", both("447700900777")),
        ("sent", [sent.clone(), format!("{sent}9")]),
    ]);
    names_are_right(&gateway, dialect(), OWNER, ROUTES, &names).await;
    let before = seen(&gateway, dialect(), OWNER, VIEWS, &names).await;
    nothing_is_shown(&gateway, dialect(), STRANGER, ROUTES, &names, MARKS).await;
    assert_eq!(seen(&gateway, dialect(), OWNER, VIEWS, &names).await, before, "nothing was changed");

    let counted = ask(&gateway, dialect(), OWNER, "GET /api/analytics/country", "").await;
    let counted: serde_json::Value = serde_json::from_slice(&counted.body).expect("JSON");
    let (country, sms, inbound) = (&counted[0]["country"], &counted[0]["sms"], &counted[0]["inbound"]);
    assert_eq!((country.as_str(), sms.as_u64(), inbound.as_u64()), (Some("GB"), Some(2), Some(1)), "{counted}");

    let mine = send(&gateway, STRANGER, "to=447700900001&from=Mine&text=mine").await;
    let submission = gateway.next_submission().await;
    gateway.sent(&submission, "c2", AnswerTiming::InTime).await;
    for id in ["c1", "c2"] {
        gateway.receipt(id, ReceiptStatus::Delivered).await;
    }
    // Steps before the last are told as well, in no order between accounts.
    let mut delivered = 0;
    while delivered < 2 {
        let (told, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(200).expect("awaited");
        let body = String::from_utf8_lossy(&told.body).into_owned();
        // The number of a text, or the words of one that came in.
        for (marks, host) in [([&*sent, "planted"], "planted"), ([&*mine, "mine"], "stranger")] {
            let is_of = marks.iter().any(|mark| body.contains(mark));
            assert_eq!(is_of, told.url == format!("http://{host}.example/hook"), "{} is told {body}", told.url);
        }
        delivered += u32::from(body.contains("DELIVERED"));
    }
    // With a group go its owner's contacts, and nobody else's, whatever group these name.
    let theirs = entry(&gateway, STRANGER, "POST /api/contacts", &format!("firstname=Mine&groups={group}")).await;
    let other = entry(&gateway, OWNER, "POST /api/contacts", "firstname=Other").await;
    let line = format!("DELETE /api/groups/{group}");
    let gone = ask(&gateway, dialect(), OWNER, &line, "delete_contacts=true").await;
    assert_eq!(String::from_utf8_lossy(&gone.body), r#"{"success":true}"#);
    for (caller, id, is_there) in
        [(OWNER, &contact, false), (OWNER, &group, false), (OWNER, &other, true), (STRANGER, &theirs, true)]
    {
        let listed = ["GET /api/contacts", "GET /api/groups"].map(|line| ask(&gateway, dialect(), caller, line, ""));
        let [contacts, groups] = listed;
        let bodies = [contacts.await.body, groups.await.body].concat();
        assert_eq!(String::from_utf8_lossy(&bodies).contains(&format!("\"id\":{id},")), is_there, "{id}");
    }
    let store = gateway.stop().await;
    let audit = store.audit().expect("readable");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}
