//! Every behaviour of a scenario as it travels: the scenario, and what a client sends and is told.

use crate::script::{Stage, check};
use crate::support::START;
use whimbrel_core::Span;
use whimbrel_simulator::Scenario;

const BOUND: &str = r"
    > bind trx raw dev
    < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
";

/// Plays a script after a bind.
async fn bound(scenario: &str, script: &str) {
    check(scenario, &format!("{}{script}", BOUND)).await;
}

#[tokio::test]
async fn ids_have_every_form_and_another_in_the_receipt() {
    // The first two ids are C000000000000000 and C000000000000001; counted ones begin with 1.
    let rows = [
        ("", "C000000000000000", "C000000000000000"),
        ("response = 'hex-lower'\nreceipt = 'hex'", "c000000000000000", "C000000000000000"),
        ("response = 'hex'\nreceipt = 'decimal'", "C000000000000000", "13835058055282163712"),
        ("response = 'decimal'\nreceipt = 'hex'", "13835058055282163712", "C000000000000000"),
        ("numbers = 'counted'\nresponse = 'decimal-padded'\nreceipt = 'decimal'\nwidth = 10", "0000000001", "1"),
        ("numbers = 'counted'\nresponse = 'decimal'\nreceipt = 'decimal-padded'\nwidth = 10", "1", "0000000001"),
        ("numbers = 'counted'\nresponse = 'hex'\nreceipt = 'hex-padded'\nwidth = 8", "1", "00000001"),
        ("response = 'long-decimal'\nreceipt = 'long-decimal'", "10013835058055282163712", "10013835058055282163712"),
        (
            "numbers = 'counted'\nresponse = 'uuid'\nreceipt = 'uuid-upper'",
            "00000000-0000-4001-a78d-79b97f4a7c15",
            "00000000-0000-4001-A78D-79B97F4A7C15",
        ),
        ("response = 'empty'", "", "C000000000000000"),
    ];
    for (ids, response, receipt) in rows {
        let scenario = format!("[ids]\n{ids}\n[receipts]\ndelay_ms = 0\ncounts = false\ndates = 0\nexcerpt = false");
        let script = format!(
            r"
            > submit 447700900000
            < submit_sm_resp #2 {response}\x00
            < deliver_sm 04/00 id:{receipt} stat:DELIVRD err:000 001e={receipt}\x00 0427=\x02 0423=\x03\x00\x00
            .
            "
        );
        bound(&scenario, &script).await;
    }
}

#[tokio::test]
async fn a_receipt_is_written_in_every_way() {
    let tlvs = r"001e=C000000000000000\x00 0427=\x02 0423=\x03\x00\x00";
    let id = "id:C000000000000000";
    let rows = [
        ("dates = 0", format!("04/00 {id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:Hello {tlvs}")),
        ("dates = 0\ncounts = false", format!("04/00 {id} stat:DELIVRD err:000 text:Hello {tlvs}")),
        (
            "dates = 10\ncounts = false\nexcerpt = false",
            format!("04/00 {id} submit date:2611241312 done date:2611241312 stat:DELIVRD err:000 {tlvs}"),
        ),
        (
            "dates = 12\ncounts = false\nexcerpt = false",
            format!("04/00 {id} submit date:261124131207 done date:261124131207 stat:DELIVRD err:000 {tlvs}"),
        ),
        (
            "dates = 14\ncounts = false\nexcerpt = false",
            format!("04/00 {id} submit date:20261124131207 done date:20261124131207 stat:DELIVRD err:000 {tlvs}"),
        ),
        (
            "dates = 16\ncounts = false\nexcerpt = false",
            format!("04/00 {id} submit date:261124131207000+ done date:261124131207000+ stat:DELIVRD err:000 {tlvs}"),
        ),
        ("SHORT\nstate_word = 'ACKED'", format!("04/00 {id} stat:ACKED err:000 {tlvs}")),
        ("SHORT\nstate_word = '9'", format!("04/00 {id} stat:9 err:000 {tlvs}")),
        ("SHORT\nerror_text = '0021'", format!("04/00 {id} stat:DELIVRD err:0021 {tlvs}")),
        ("SHORT\nerror_text = '21b'", format!("04/00 {id} stat:DELIVRD err:21b {tlvs}")),
        ("SHORT\nerror_text = ''", format!("04/00 {id} stat:DELIVRD err: {tlvs}")),
        ("SHORT\nseparator = 'comma'", format!("04/00 {id},stat:DELIVRD,err:000 {tlvs}")),
        ("SHORT\nseparator = 'semicolon'", format!("04/00 {id};stat:DELIVRD;err:000 {tlvs}")),
        ("SHORT\nupper_case_keys = true", format!("04/00 ID:C000000000000000 STAT:DELIVRD ERR:000 {tlvs}")),
        ("SHORT\nid_in_text = false", format!("04/00 stat:DELIVRD err:000 {tlvs}")),
        ("SHORT\ntext = false", format!("04/00  {tlvs}")),
        ("SHORT\ntlvs = false", format!("04/00 {id} stat:DELIVRD err:000")),
        ("SHORT\npayload = true", format!("04/00  0424={id} stat:DELIVRD err:000 {tlvs}")),
        ("SHORT\ndata_coding = 8", format!("04/08 {id} stat:DELIVRD err:000 {tlvs}")),
        ("SHORT\nmarked = false", format!("00/00 {id} stat:DELIVRD err:000 {tlvs}")),
        (
            "SHORT\nnetwork_error = 'digits'",
            format!(r"04/00 {id} stat:DELIVRD err:000 001e=C000000000000000\x00 0427=\x02 0423=000"),
        ),
        (
            "SHORT\nnetwork_error = 'absent'",
            format!(r"04/00 {id} stat:DELIVRD err:000 001e=C000000000000000\x00 0427=\x02"),
        ),
        (
            "SHORT\ntlv_nul = false",
            format!(r"04/00 {id} stat:DELIVRD err:000 001e=C000000000000000 0427=\x02 0423=\x03\x00\x00"),
        ),
    ];
    for (receipts, wanted) in rows {
        let receipts = receipts.replace("SHORT", "dates = 0\ncounts = false\nexcerpt = false");
        let script = format!(
            r"
            > submit 447700900000
            < submit_sm_resp #2 C000000000000000\x00
            < deliver_sm {wanted}
            .
            "
        );
        bound(&format!("[receipts]\ndelay_ms = 0\n{receipts}"), &script).await;
    }
    bound(
        "[receipts]\ndelay_ms = 0\npdu = 'data_sm'\ndates = 0\ncounts = false\nexcerpt = false",
        r"
        > submit 447700900000
        < submit_sm_resp #2 C000000000000000\x00
        < data_sm 04/00  0424=id:C000000000000000 stat:DELIVRD err:000 001e=C000000000000000\x00 0427=\x02 0423=\x03\x00\x00
        .
        ",
    )
    .await;
}

#[tokio::test]
async fn receipts_come_early_late_often_and_never() {
    const SHORT: &str = "[receipts]\ntlvs = false\ndates = 0\ncounts = false\nexcerpt = false\nid_in_text = false\n";
    let receipts = |more: &str| format!("{SHORT}{more}");
    let answer = r"< submit_sm_resp #2 C000000000000000\x00";
    let told = "< deliver_sm 04/00 stat:DELIVRD err:000";
    let rows = [
        ("", format!("> submit 447700900000\n{answer}\n.\n+ 199\n.\n+ 1\n{told}\n.")),
        ("delay_ms = 5000", format!("> submit 447700900000\n{answer}\n+ 4999\n.\n+ 1\n{told}\n.")),
        ("before_response = true", format!("> submit 447700900000\n{told}\n{answer}\n+ 9999\n.")),
        ("copies = 2", format!("> submit 447700900000\n{answer}\n+ 200\n{told}\n{told}\n.")),
        ("copies = 0", format!("> submit 447700900000\n{answer}\n+ 9999\n.")),
        (
            "intermediate_first = true",
            format!(
                "> submit 447700900000\n{answer}\n.\n+ 100\n< deliver_sm 20/00 stat:ENROUTE err:000\n.\n+ 100\n{told}\n."
            ),
        ),
        ("", format!("> submit 447700900000 0\n{answer}\n+ 9999\n.")),
        ("unrequested = true", format!("> submit 447700900000 0\n{answer}\n+ 200\n{told}\n.")),
        // Failures only.
        ("", format!("> submit 447700900000 2\n{answer}\n+ 9999\n.")),
        ("", format!("> submit 447700900002 2\n{answer}\n+ 200\n< deliver_sm 04/00 stat:EXPIRED err:000\n.")),
        // Intermediate notifications and failures.
        (
            "",
            format!("> submit 447700900001 18\n{answer}\n.\n+ 200\n< deliver_sm 20/00 stat:ENROUTE err:000\n+ 9999\n."),
        ),
    ];
    for (more, script) in rows {
        bound(&receipts(more), &script).await;
    }
}

#[tokio::test]
async fn receipts_are_shuffled_the_same_way_in_every_run() {
    async fn order(seed: u64) -> Vec<String> {
        let scenario = format!("seed = {seed}\n[ids]\nnumbers = 'counted'\n[receipts]\nshuffle_ms = 1000");
        let mut stage = Stage::new(&scenario).await;
        stage.play(BOUND).await;
        for number in 1..=8 {
            let script = format!("> submit 447700900000\n< submit_sm_resp #{:x} {number}\\x00", number + 1);
            stage.play(&script).await;
        }
        stage.play(".\n+ 1200").await;
        let mut order = Vec::new();
        for _ in 0..8 {
            let line = stage.told().await;
            let id = line.split(' ').nth(2).expect("the id comes first").to_owned();
            order.push(id);
        }
        stage.play(".").await;
        order
    }
    let first = order(1).await;
    assert_eq!(first, order(1).await);
    let mut sorted = first.clone();
    sorted.sort();
    assert_eq!(sorted, (1..=8).map(|number| format!("id:{number}")).collect::<Vec<_>>());
    assert_ne!(first, sorted, "eight receipts in their own order by chance");
}

#[tokio::test]
async fn receipts_go_to_the_session_that_is_wanted() {
    const SHORT: &str = "tlvs = false\ndates = 0\ncounts = false\nexcerpt = false\nid_in_text = false";
    for (route, receiver) in [("same", "a"), ("other", "b")] {
        let mut script = String::new();
        for client in ["a", "b"] {
            script +=
                &format!("{client}: > bind trx raw dev\n{client}: < bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014\n");
        }
        script += "c: > bind tx raw dev\nc: < bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014\n";
        script += "d: > bind trx stranger dev\nd: < bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014\n";
        for count in 0..4 {
            let sequence = count + 2;
            script +=
                &format!("a: > submit 447700900000\na: < submit_sm_resp #{sequence:x} C00000000000000{count}\\x00\n");
        }
        script += "+ 200\n";
        for _ in 0..4 {
            script += &format!("{receiver}: < deliver_sm 04/00 stat:DELIVRD err:000\n");
        }
        script += "a: .\nb: .\nc: .\nd: .\n";
        check(&format!("[receipts]\nroute = '{route}'\n{SHORT}"), &script).await;
    }
}

#[tokio::test]
async fn answers_are_refused_late_misshapen_and_missing() {
    let rows = [
        ("refuse_status = 0x14", "> submit 1\n< submit_sm_resp 14 #2 \\x00\n."),
        ("refuse_status = 0x14\nerror_body = 'none'", "> submit 1\n< submit_sm_resp 14 #2\n."),
        ("refuse_status = 0x14\nerror_body = 'id'", "> submit 1\n< submit_sm_resp 14 #2 C000000000000000\\x00\n."),
        (
            "refuse_status = 0x14\nerror_body = 'tlvs'",
            "> submit 1\n< submit_sm_resp 14 #2 \\x00\\x1d\\x00\\x03no\\x00\n.",
        ),
        // A vendor's own status: node-smpp issue 242.
        ("refuse_status = 1375", "> submit 1\n< submit_sm_resp 55f #2 \\x00\n."),
        ("refuse_status = 8\nnack = true", "> submit 1\n< generic_nack 08 #2\n."),
        ("refuse_status = 0x14", "> data 1\n< data_sm_resp 14 #2 \\x00\n."),
        (
            "refuse_status = 0x58\nrefuse_every = 3",
            "> submit 1\n< submit_sm_resp #2 C000000000000000\\x00
             > submit 1\n< submit_sm_resp #3 C000000000000001\\x00
             > submit 1\n< submit_sm_resp 58 #4 \\x00
             > submit 1\n< submit_sm_resp #5 C000000000000002\\x00\n.",
        ),
        (
            "refuse_status = 0x14\nrefuse_every = 4\nrefuse_burst = 2",
            "> submit 1\n< submit_sm_resp #2 C000000000000000\\x00
             > submit 1\n< submit_sm_resp #3 C000000000000001\\x00
             > submit 1\n< submit_sm_resp 14 #4 \\x00
             > submit 1\n< submit_sm_resp 14 #5 \\x00
             > submit 1\n< submit_sm_resp #6 C000000000000002\\x00\n.",
        ),
        ("delay_ms = 3000", "> submit 1\n.\n+ 2999\n.\n+ 1\n< submit_sm_resp #2 C000000000000000\\x00\n."),
        ("silent = true", "> submit 1\n.\n+ 9999\n."),
        (
            "copies = 3",
            "> submit 1\n< submit_sm_resp #2 C000000000000000\\x00\n< submit_sm_resp #2 C000000000000000\\x00
             < submit_sm_resp #2 C000000000000000\\x00\n.",
        ),
        (
            "unknown_sequence = true",
            "> submit 1\n< submit_sm_resp #40000002 C000000000000000\\x00\n< submit_sm_resp #2 C000000000000000\\x00\n.",
        ),
        ("id_nul = false", "> submit 1\n< submit_sm_resp #2 C000000000000000\n."),
        ("id_nul = false", "> data 1\n< data_sm_resp #2 C000000000000000\n."),
    ];
    for (answers, script) in rows {
        bound(&format!("[receipts]\ncopies = 0\n[answers]\n{answers}"), script).await;
    }
}

#[tokio::test]
async fn numbers_have_rules_of_their_own() {
    bound(
        "[receipts]
         copies = 0
         [[number]]
         exact = '+447700900104'
         outcome = 'rejected'
         [[number]]
         prefix = '4477009001'
         answers = { refuse_status = 0x0A }
         [[number]]
         suffix = '99'
         outcome = 'silence'",
        "> submit 447700900104\n< submit_sm_resp 65 #2 \\x00
         > submit 447700900105\n< submit_sm_resp 0a #3 \\x00
         > submit 1299\n.
         > submit 447700900205\n< submit_sm_resp 0b #6 \\x00
         > submit 12\n< submit_sm_resp #7 C000000000000000\\x00\n.",
    )
    .await;
    bound("ignore_suffixes = true", "> submit 447700900205\n< submit_sm_resp #2 C000000000000000\\x00\n.").await;
}

#[tokio::test]
async fn query_sm_tells_what_became_of_the_last_messages() {
    bound(
        "query_messages_max = 1\n[receipts]\ncopies = 0",
        r"
        > submit 447700900004
        < submit_sm_resp #2 C000000000000000\x00
        > query C000000000000000
        < query_sm_resp #3 C000000000000000\x00\x00\x01\x00
        + 200
        > query C000000000000000
        < query_sm_resp #4 C000000000000000\x00261124131207000+\x00\x05\x1b
        > submit 447700900000
        < submit_sm_resp #5 C000000000000001\x00
        > query C000000000000000
        < query_sm_resp 67 #6 C000000000000000\x00\x00\x00\x00
        ",
    )
    .await;
}

#[tokio::test]
async fn clients_are_let_in_as_the_scenario_says() {
    let scenario = "
        [[client]]
        system_id = 'shop*'
        password = 'secret'
        modes = ['tx', 'trx']
        sessions_max = 1
        [[client]]
        system_id = 'late'
        session = { bind_status = 0x0D, bind_refusals = 2 }
        [[client]]
        system_id = 'never'
        session = { bind_status = 0x0F }
    ";
    let welcome = r"bind_resp #1 Whimbrel\x00\x02\x10\x00\x014";
    check(
        scenario,
        &format!(
            r"
            a: > bind trx shop1 secret
            a: < {welcome}
            b: > bind trx shop2 secret
            b: < {welcome}
            c: > bind trx shop1 secret
            c: < bind_resp 05 #1 \x00
            c: = end
            d: > bind rx shop3 secret
            d: < bind_resp 0d #1 \x00
            e: > bind trx late dev
            e: < bind_resp 0d #1 \x00
            f: > bind trx late dev
            f: < bind_resp 0d #1 \x00
            g: > bind trx late dev
            g: < {welcome}
            h: > bind trx never dev
            h: < bind_resp 0f #1 \x00
            a: > unbind
            a: < unbind_resp #2
            a: = end
            i: > bind tx shop1 secret
            i: < {welcome}
            "
        ),
    )
    .await;
    // A wrong name and a wrong password wait alike.
    for (name, password) in [("shop1", "dev"), ("other", "dev"), ("other", "secret")] {
        let mut stage = Stage::new(scenario).await;
        stage.play(&format!("> bind trx {name} {password}")).await;
        let world = std::sync::Arc::clone(&stage.world);
        world.awaited(START + Span::seconds(2)).await;
        stage.play("+ 2000\n< bind_resp 0e #1 \\x00\n= end").await;
    }
}

#[tokio::test]
async fn a_rate_is_counted_in_parts_over_all_sessions_of_a_name() {
    let scenario = "
        [receipts]
        copies = 0
        [[client]]
        system_id = '*'
        rate = 10.0
        burst = 2
    ";
    let welcome = r"bind_resp #1 Whimbrel\x00\x02\x10\x00\x014";
    let mut stage = Stage::new(scenario).await;
    stage
        .play(&format!(
            r"
            a: > bind trx one dev
            a: < {welcome}
            b: > bind trx one dev
            b: < {welcome}
            c: > bind trx two dev
            c: < {welcome}
            a: > submit 1
            a: < submit_sm_resp #2 C000000000000000\x00
            b: > submit 1
            b: < submit_sm_resp #2 C000000000000001\x00
            a: > submit 1
            a: < submit_sm_resp 58 #3 \x00
            c: > submit 1
            c: < submit_sm_resp #2 C000000000000002\x00
            + 100
            a: > submit 1
            a: < submit_sm_resp #4 C000000000000003\x00
            b: > submit 1
            b: < submit_sm_resp 58 #3 \x00
            "
        ))
        .await;
    let counted =
        stage.control().clients().into_iter().map(|client| {
            (client.system_id, client.session_count, client.counters.accepted, client.counters.throttled)
        });
    assert_eq!(counted.collect::<Vec<_>>(), [("one".to_owned(), 2, 3, 2), ("two".to_owned(), 1, 1, 0)]);
}

#[tokio::test]
async fn sessions_act_of_themselves() {
    let told = "> submit 1\n< submit_sm_resp #2 C000000000000000\\x00\n";
    let rows = [
        (
            "enquire_every_ms = 1000",
            ".\n+ 1000\n< enquire_link #7e000000\n.\n+ 999\n.\n+ 1\n< enquire_link #7e000001\n.".to_owned(),
        ),
        ("answer_enquire_link = false", "> enquire\n.".to_owned()),
        ("unbind_after_messages = 1", format!("{told}< unbind #1")),
        ("unbind_chance = 1.0", format!("{told}< unbind #1")),
        ("disconnect_after_ms = 1000", ".\n+ 1000\n= end".to_owned()),
        ("", "> enquire\n< enquire_link_resp #2\n.".to_owned()),
    ];
    for (session, script) in rows {
        bound(&format!("[receipts]\ncopies = 0\n[session]\n{session}"), &script).await;
    }
    check("[session]\nstate_version = false", "> bind trx raw dev\n< bind_resp #1 Whimbrel\\x00").await;
    check(
        "[session]\nfirst_text = 'Hi'",
        "> bind trx raw dev\n< bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014\n< deliver_sm 00/00 Hi\n.",
    )
    .await;
    // A transmitter is told nothing.
    check("[session]\nfirst_text = 'Hi'", "> bind tx raw dev\n< bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014\n.")
        .await;
}

#[tokio::test]
async fn octets_suffer_on_their_way() {
    let answer = "submit_sm_resp #2 C000000000000000\\x00";
    let unknown = "?\\xfe\\x00\\x02hi";
    let truncated = "?\\xfd\\x00\\x08ha";
    let rows = [
        ("segment_octets = 1", format!("> submit 1\n< {answer}\n.")),
        ("segment_octets = 5", format!("> submit 1\n< {answer}\n.")),
        ("trailing_nul = true", format!("> submit 1\n< {answer}\\x00\n> enquire\n< enquire_link_resp #3 \\x00\n.")),
        ("unknown_tlv = true", format!("> submit 1\n< {answer}{unknown}\n> enquire\n< enquire_link_resp #3\n.")),
        ("truncated_tlv = true", format!("> submit 1\n< {answer}{truncated}\n.")),
        // The answer has 33 octets.
        ("reset_in_pdu = 1", "> submit 1\n= reset".to_owned()),
        ("hang_in_pdu = 1", "> submit 1\n= half 16".to_owned()),
        ("hang_in_pdu = 2", format!("> submit 1\n< {answer}\n> enquire\n= half 8")),
    ];
    for (wire, script) in rows {
        bound(&format!("[receipts]\ncopies = 0\n[wire]\n{wire}"), &script).await;
    }
    // Two PDUs wait for each other; one waits no longer than a while.
    bound(
        "[receipts]\ncopies = 0\n[wire]\nmerge_pdus = 2",
        &format!("> submit 1\n> submit 1\n< {answer}\n< submit_sm_resp #3 C000000000000001\\x00"),
    )
    .await;
    let mut stage = Stage::new("[receipts]\ncopies = 0\n[wire]\nmerge_pdus = 2\nmerge_ms = 50").await;
    stage.play(&format!("{BOUND}> submit 1")).await;
    stage.world.awaited(START + Span::millis(50)).await;
    stage.play(&format!("+ 50\n< {answer}")).await;
}

#[tokio::test]
async fn pdus_are_swallowed_until_a_scenario_says_otherwise() {
    let mut stage = Stage::new("[wire]\ndrop_rate = 1.0").await;
    // The bind_resp alone is never swallowed.
    stage.play(&format!("{BOUND}> submit 1\n> enquire")).await;
    while stage.control().totals().counters.accepted == 0 {
        tokio::task::yield_now().await;
    }
    stage.control().set_scenario(Scenario::default()).expect("an empty scenario");
    stage.play(".\n> submit 1\n< submit_sm_resp #5 C000000000000001\\x00").await;
}

#[tokio::test]
async fn reading_stops_as_a_scenario_says() {
    // Two wait for their answers, and nothing more is read: the third is answered when those are.
    let mut stage = Stage::new(
        "[receipts]\ncopies = 0
         [[client]]
         system_id = '*'
         window = 2
         [[number]]
         exact = '1'
         answers = { delay_ms = 1000 }",
    )
    .await;
    stage.play(&format!("{BOUND}> submit 1\n> submit 1")).await;
    while stage.control().totals().counters.accepted < 2 {
        tokio::task::yield_now().await;
    }
    stage.play("> submit 2").await;
    stage.world.awaited(START + Span::seconds(1)).await;
    stage
        .play(
            r"
            + 1000
            < submit_sm_resp #2 C000000000000000\x00
            < submit_sm_resp #3 C000000000000001\x00
            < submit_sm_resp #4 C000000000000002\x00
            ",
        )
        .await;
    // After one message nothing is read, until the rules are others.
    let mut stage = Stage::new("[receipts]\ncopies = 0\n[session]\nstop_reading_after_messages = 1").await;
    stage.play(&format!("{BOUND}> submit 1\n< submit_sm_resp #2 C000000000000000\\x00\n> submit 1")).await;
    assert_eq!(stage.control().totals().counters.accepted, 1);
    stage.control().set_scenario(Scenario::default()).expect("an empty scenario");
    stage.play("< submit_sm_resp #3 C000000000000001\\x00").await;
}
