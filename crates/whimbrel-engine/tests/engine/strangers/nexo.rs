//! The routes of the second dialect: a code that was sent is seen by the key's account alone.

use whimbrel_core::{AnswerTiming, ReceiptStatus};
use whimbrel_dialects::{Dialect, registry};
use whimbrel_store::Store;

use super::{
    Caller, Names, Route, ask, forgotten, names_are_right, nothing, nothing_is_shown, object, open_with_key, own, seen,
};
use crate::support::{Folder, Gateway, Setup, soon};

const OWNER: Caller = Caller("Bearer sk_live_000000000000000000000000000000000000000000000001");
const STRANGER: Caller = Caller("Bearer sk_live_000000000000000000000000000000000000000000000002");

/// The code, and the last digits of the number that it went to.
const MARKS: &[&str] = &["482917", "980000777"];

pub(super) const ROUTES: &[Route] =
    &[nothing("POST /api/v1/send-otp"), own("GET /api/v1/balance", ""), object("GET /api/v1/deliveries/{id}", "")];

const VIEWS: &[&str] = &["GET /api/v1/deliveries/{id}", "GET /api/v1/balance"];

fn dialect() -> &'static dyn Dialect {
    registry::by_name("nexo").expect("it is built in")
}

#[test]
fn no_route_is_forgotten() {
    let missing = forgotten(dialect(), ROUTES);
    assert!(missing.is_empty(), "no row of the matrix is {missing:#?}");
}

#[tokio::test]
async fn a_stranger_learns_and_changes_nothing() {
    let folder = Folder::new("strangers-nexo");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    open_with_key(&gateway, dialect(), "owner001", OWNER, "http://planted.example/hook").await;
    open_with_key(&gateway, dialect(), "strange1", STRANGER, "http://stranger.example/hook").await;
    let mut ids = Vec::new();
    for (caller, phone) in [(OWNER, "+84980000777"), (STRANGER, "+84980000001")] {
        let body = format!(r#"{{"phone":"{phone}","code":"482917"}}"#);
        let sent = ask(&gateway, dialect(), caller, "POST /api/v1/send-otp", &body).await;
        let sent: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
        ids.push(sent["id"].as_str().unwrap_or_else(|| panic!("no id in {sent}")).to_owned());
        let submission = gateway.next_submission().await;
        gateway.sent(&submission, &format!("c{}", ids.len()), AnswerTiming::InTime).await;
    }
    let mut nobodys = ids[0].clone();
    nobodys.pop();
    nobodys.push(if ids[0].ends_with('0') { '1' } else { '0' });
    let names = Names::from([("id", [ids[0].clone(), nobodys])]);
    names_are_right(&gateway, dialect(), OWNER, ROUTES, &names).await;
    let before = seen(&gateway, dialect(), OWNER, VIEWS, &names).await;
    nothing_is_shown(&gateway, dialect(), STRANGER, ROUTES, &names, MARKS).await;
    assert_eq!(seen(&gateway, dialect(), OWNER, VIEWS, &names).await, before, "nothing was changed");
    for (id, host) in [("c1", "planted.example"), ("c2", "stranger.example")] {
        gateway.receipt(id, ReceiptStatus::Delivered).await;
        let (told, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(200).expect("awaited");
        assert_eq!(told.url, format!("http://{host}/hook"), "{id}");
        let body = String::from_utf8_lossy(&told.body).into_owned();
        let own = &ids[usize::from(id == "c2")];
        assert!(body.contains(own.as_str()) && ids.iter().filter(|other| body.contains(other.as_str())).count() == 1);
    }
    gateway.until(|| gateway.store.stats().expect("readable").notices == 0).await;
    assert!(gateway.webhooks.try_recv().is_err(), "each once, and nobody else");
    let store = gateway.stop().await;
    let audit = store.audit().expect("readable");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}
