//! A database of the version before opens, and all of it is read.

mod support;

use rusqlite::{Connection, params};
use support::*;
use whimbrel_core::{
    AccountRules, AttemptNumber, Binary, CarrierId, Content, DoubtPolicy, HandsetClass, MessageOctets, NoticeId,
    ReceiptStatus, Registration, Secret,
};
use whimbrel_sms::ConcatRef;
use whimbrel_store::{Claim, InboundFilter, KnownSecret, Op, OrphanReason, Store};

const FIRST: &str = include_str!("../migrations/sqlite/0001_first.sql");

/// What the version before wrote: a message that waits, one that was sent with its id, one that ended with its notice, and a
/// receipt that found no part.
const LIFE: &str = "
insert into carrier values (1, 'tele-1');
insert into wallet (account_id, posted, held) values (5, 3330000, 3330000);
insert into transfer values (2, '5/dev', -2, 5, 9990000, 1), (1, 300, 5, -1, 3330000, 2), (1, 200, 5, -1, 3330000, 2);
insert into message values
 (100, 5, 'plain', 0, '447700900123', 2, 'Acme', 'waits', 0, 9, 'gsm7', 1, 3330000, 1, '23420', 1, 'britain', 3, 1,
  null, 'order 7', null, null, 10, 9000000000000000000),
 (200, 5, 'plain', 0, '447700900123', 2, 'Acme', 'was sent', 1, 255, 'ucs2', 1, 3330000, 1, '23420', 1, 'britain', 3, 1,
  null, null, null, null, 10, 9000000000000000000),
 (300, 5, 'plain', 1, '447700900123', 0, '447700900000', 'ended', 0, 0, 'gsm7', 1, 3330000, 1, '23420', 1, 'britain', 3, 1,
  'http://127.0.0.1/own', null, null, null, 10, 9000000000000000000);
insert into live (part_id, message_id, number, account_id, carrier, state, state_at, attempt, failures, doubts, price, funds,
 capture_on, expires_at, told, class, tell, carrier_message_id) values
 (100, 100, 1, 5, 1, 0, 10, 0, 0, 0, 3330000, 0, 0, 9000000000000000000, null, 0, 1, ''),
 (200, 200, 1, 5, 1, 3, 10, 1, 0, 0, 3330000, 1, 0, 9000000000000000000, null, 0, 1, 'AB12');
insert into pidx values (1, x'61623132', 200), (1, x'63643334', 300);
insert into ended values (300, 300, 1, 'delivered', 'none', 1, 20, 'receipt', 400, '000', 1, 'cd34');
insert into attempt values (200, 1, 10, 11, 'sent', '0', 'AB12'), (300, 1, 10, 11, 'sent', '0', 'cd34');
insert into notice values (400, 300, 300, 1, 'delivered', 'none', 20, 2, 20, 30);
insert into parked values (1, 1, '00e1', 'delivered', 'none', '000', '447700900123', 500, 1795526000000000);
insert into parked_key values (1, 1, x'6531', 0);
insert into event values (300, 25, 400, 1, 'webhook', 'failed: status 500'), (300, 26, 400, 1, 'webhook', 'failed: status 500');
insert into endpoint values (5, 'receipt', 'http://127.0.0.1/receipt');
";

const DIGESTS: [&str; 2] = [
    "193168df0e7ffc0868166cb9c78c5cd73aae32d4a57aeb768a96baba52986151",
    "6c21505a4f18c06f6f3b1fd99f9534c97b5eb0982f288c7f25cc067997d6db92",
];

fn of_the_version_before(folder: &Folder) {
    // The key's check is that of any database with the same key.
    let template = Folder::new("migration-template");
    furnish(&template.open(), 1);
    let new = Connection::open(template.file()).expect("opens");
    let check: Vec<u8> = new.query_row("select key_check from meta", [], |row| row.get(0)).expect("read");
    let place = [b"signature secret of account ".as_slice(), &5_i64.to_be_bytes()].concat();
    let sealed = keyring().seal(&Secret::new("devSignature01"), &place).expect("sealed").as_bytes().to_vec();
    let old = Connection::open(folder.file()).expect("opens");
    old.execute_batch(FIRST).expect("made");
    old.execute("insert into meta values (1, 500, 3, 0, ?1)", params![check]).expect("made");
    let account = "insert into account values (5, 'plain', 'devkey01', 'dev', 'EUR', 'active', 'otp', 'carrier-accept',
     'GET', ?1, 1)";
    old.execute(account, params![sealed]).expect("made");
    // HMAC-SHA-256 of "devSecret01" and "devSecret02" by the key that HMAC-SHA-256 of "whimbrel secret digest 1" by 32 octets of 7
    // gives, as the version before wrote them.
    for (slot, digest) in [(0, DIGESTS[0]), (1, DIGESTS[1])] {
        let row = format!("insert into account_secret values (5, {slot}, x'{digest}')");
        old.execute(&row, []).expect("made");
    }
    old.execute_batch(LIFE).expect("filled");
    old.execute_batch("pragma application_id = 0x57686d62; pragma user_version = 1").expect("marked");
}

#[test]
fn a_database_of_the_version_before_opens_with_all_that_is_in_it() {
    let folder = Folder::new("migration");
    of_the_version_before(&folder);
    let store = folder.open();
    let account = store.account(ACCOUNT).expect("read").expect("there");
    assert_eq!((account.account.rules, account.account.lists.as_ref()), (AccountRules::default(), &Default::default()));
    let credentials = store.credentials().expect("read");
    let [credential] = &credentials[..] else { panic!("{credentials:?}") };
    let proved = |text: &str| {
        let proves = |secret: &&KnownSecret| keyring().proves(&secret.verifier, &Secret::new(text));
        credential.secrets.iter().filter(proves).count()
    };
    assert_eq!((proved("devSecret01"), proved("devSecret02"), proved("devSecret03")), (1, 1, 0));
    assert_ne!(credential.secrets[0].id, credential.secrets[1].id);
    let signs = &credential.signature_secrets;
    assert!(signs.current.secret == Secret::new("devSignature01") && signs.previous.is_none());
    assert_eq!((account.account.signing, account.account.policy), Default::default());
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
    let stats = store.stats().expect("read");
    let counts = (stats.messages, stats.queued, stats.submitted, stats.parked, stats.notices, stats.inbound);
    assert_eq!(counts, (3, 1, 1, 1, 1, 0));

    let was_sent = view(&store, 200);
    assert!(matches!(&was_sent.summary.content, Content::Text { text, alphabet: whimbrel_core::Alphabet::Ucs2 }
        if text.expose() == "was sent"));
    assert_eq!((was_sent.cut.reference, was_sent.handset_class), (ConcatRef::Octet(255), None));
    assert_eq!(story(&store, 300), ["accepted", "submitting", "sent", "ended", "webhook", "webhook"]);
    let notice = store.notices(None, 10).expect("read").remove(0);
    assert_eq!((notice.id, notice.failures, notice.url.as_deref()), (NoticeId(400), 2, Some("http://127.0.0.1/own")));
    assert_eq!(told(&notice).report.status, ReceiptStatus::Delivered);
    let orphans = store.orphans(None, 10).expect("read");
    assert_eq!((orphans.len(), orphans[0].reason), (1, OrphanReason::UnknownId));
    assert_eq!(store.inbound(&InboundFilter { count_max: 10, ..Default::default() }).expect("read").len(), 0);

    // And it all goes on: the queue, an id from before, a receipt from before.
    let outcome = part(&store, claimed(100, 1, 1));
    let submission = outcome.submission.expect("claimed");
    assert_eq!((submission.content.body(), submission.protocol_id), (&b"waits"[..], 0));
    assert_eq!(submission.registration, Registration::default());
    let Op::Part(mut answer) = sent(100, 2, 1, "00e1") else { unreachable!("about a part") };
    answer.answer.id.as_mut().expect("named").key = (*b"e1").into();
    let outcome = part(&store, Op::Part(answer));
    assert_eq!((outcome.record, outcome.notices.len()), (None, 1), "the receipt that waited was for it");
    assert!(matched(&store, receipt(report("ab12", ReceiptStatus::Delivered), 3)).record.is_none());
    assert!(matched(&store, receipt(report("CD34", ReceiptStatus::Delivered), 4)).ignored.is_some());
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
    drop(store);
    folder.open();
}

#[test]
fn what_only_the_new_version_can_say_is_read_as_it_was_written() {
    let folder = Folder::new("content");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    let octets = |octets: &[u8]| MessageOctets::new(octets);
    let binary = Content::Binary(Binary {
        header: octets(&[6, 5, 4, 0x15, 0x81, 0, 0]),
        body: octets(&[0, 1, 255]),
        protocol_id: 0x7f,
    });
    let empty = Content::Binary(Binary { header: octets(&[]), body: octets(&[]), protocol_id: 0 });
    let mut plans = vec![a_plan_of(100, binary, ConcatRef::Octet(0)), a_plan_of(200, empty, ConcatRef::Word(0))];
    let alphabets = [
        whimbrel_core::Alphabet::Gsm7Lossy,
        whimbrel_core::Alphabet::Ucs2,
        whimbrel_core::Alphabet::Gsm7Transliterated,
        whimbrel_core::Alphabet::Detect,
        whimbrel_core::Alphabet::DetectTransliterated,
    ];
    for (alphabet, id) in alphabets.into_iter().zip((300..).step_by(100)) {
        let text = whimbrel_core::MessageText::new("Čas: 10 € ".repeat(20));
        plans.push(a_plan_of(id, Content::Text { text, alphabet }, ConcatRef::Word(0xfffe)));
    }
    let class = [None, Some(HandsetClass::Flash), Some(HandsetClass::Terminal)];
    for (index, plan) in plans.iter_mut().enumerate() {
        plan.handset_class = class[index % 3];
        plan.registration.entity = (index % 2 == 0).then(|| "1101".into());
        plan.registration.template = (index % 2 == 1).then(|| "2202".into());
        run(&store, accept(plan.clone(), Claim::Now));
    }
    drop(store);
    let store = folder.open();
    for plan in &plans {
        let view = view(&store, plan.message_id.0);
        assert_eq!((&view.summary.content, view.cut), (&plan.content, plan.cut));
        assert_eq!((view.handset_class, view.summary.encoding), (plan.handset_class, plan.encoding));
        for (part_id, index) in plan.parts.iter().map(|part| part.part_id.0).zip(0..) {
            run(&store, doubt(part_id, 1, 1, DoubtPolicy::Resend));
            let mut resent = part(&store, claimed(part_id, 2, 2)).submission.expect("resent");
            resent.attempt = AttemptNumber(1);
            assert_eq!(Some(*resent), plan.submission(index));
        }
    }
}

#[test]
fn one_row_that_makes_no_sense_is_left_out_and_the_others_are_read() {
    let folder = Folder::new("unreadable");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    for id in [100, 200, 300] {
        run(&store, accept(a_plan(id, "hi"), Claim::Later));
        run(&store, accept(a_plan(id + 50, "hi"), Claim::Now));
        run(
            &store,
            event(
                id + 50,
                1,
                whimbrel_core::PartEvent::Receipt(whimbrel_core::Report {
                    carrier: CarrierId(1),
                    status: ReceiptStatus::Delivered,
                    cause: whimbrel_core::Cause::None,
                    next: None,
                }),
            ),
        );
    }
    drop(store);
    let raw = Connection::open(folder.file()).expect("opens");
    raw.execute_batch("update live set told = 'sideways' where part_id = 200").expect("spoilt");
    raw.execute_batch("update notice set cause = 'sideways' where message_id = 250").expect("spoilt");
    drop(raw);
    let store = folder.open();
    let queued = |count| {
        let parts = store.queued(CarrierId(1), NOW + whimbrel_core::Span::hours(1), count).expect("read");
        parts.iter().map(|part| part.record.part_id.0).collect::<Vec<_>>()
    };
    assert_eq!(
        (queued(10), queued(2)),
        (vec![100, 300], vec![100, 300]),
        "as many as were asked for, if they are there"
    );
    let notices = store.notices(None, 2).expect("read");
    assert_eq!(notices.iter().map(|notice| told(notice).message_id.0).collect::<Vec<_>>(), [150, 350]);
    // What was left out is named once, so that an operation sets it aside.
    let due = |seconds| store.clock_due(NOW + whimbrel_core::Span::seconds(seconds), 10).expect("read");
    assert_eq!((due(1), due(1)), (vec![whimbrel_core::PartId(200)], Vec::new()));
    let unreadable = store.unreadable_notices();
    assert_eq!((unreadable.len(), store.unreadable_notices().len()), (1, 0));
}
