use super::*;

const SUBMIT_RESP: &[u8] = &[0, 0, 0, 18, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, b'7', 0];
const ENQUIRE_RESP: &[u8] = &[0, 0, 0, 16, 0x80, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 2];

fn wire(rules: WireRules) -> Wire {
    let mut wire = Wire::new();
    wire.obey(rules, true, true, Chance::new(1, 1));
    wire
}

/// Everything that is written at `now`, write by write.
fn writes(wire: &mut Wire, now: Instant) -> Vec<Vec<u8>> {
    let mut writes = Vec::new();
    while let Next::Write(octets) = wire.next(now) {
        let octets = octets.to_vec();
        wire.written(octets.len(), now);
        writes.push(octets);
    }
    writes
}

#[test]
fn pdus_are_lengthened_and_stay_in_step() {
    let check = |rules: WireRules, wanted: &[u8]| {
        let mut wire = wire(rules);
        wire.push(&[SUBMIT_RESP, ENQUIRE_RESP].concat(), Instant(0));
        let octets = writes(&mut wire, Instant(0)).concat();
        assert_eq!(octets, wanted);
    };
    let answer = |length: u8, tail: &[u8]| [&[0, 0, 0, length], &SUBMIT_RESP[4..], tail].concat();
    let usual = WireRules::default;
    check(
        WireRules { trailing_nul: true, ..usual() },
        &[answer(19, &[0]), [&[0, 0, 0, 17], &ENQUIRE_RESP[4..], &[0]].concat()].concat(),
    );
    check(WireRules { unknown_tlv: true, ..usual() }, &[&answer(24, UNKNOWN_TLV), ENQUIRE_RESP].concat());
    check(WireRules { truncated_tlv: true, ..usual() }, &[&answer(24, TRUNCATED_TLV), ENQUIRE_RESP].concat());
    check(WireRules { drop_rate: 1.0, ..usual() }, &[]);
}

#[test]
fn octets_go_out_in_pieces_and_with_pauses() {
    let mut wire = wire(WireRules { segment_octets: 4, write_delay_ms: 10, ..WireRules::default() });
    wire.push(ENQUIRE_RESP, Instant(0));
    for step in 0..4 {
        assert_eq!(writes(&mut wire, Instant(step * 10_000)), [ENQUIRE_RESP[step as usize * 4..][..4].to_vec()]);
        if step < 3 {
            assert_eq!(wire.next(Instant(step * 10_000 + 9_999)), Next::Wait(Some(Instant(step * 10_000 + 10_000))));
        }
    }
    assert_eq!(wire.next(Instant(99_000)), Next::Wait(None));
}

#[test]
fn pdus_wait_for_each_other_but_not_for_ever() {
    let mut wire = wire(WireRules { merge_pdus: 2, merge_ms: 50, ..WireRules::default() });
    wire.push(ENQUIRE_RESP, Instant(0));
    assert_eq!(wire.next(Instant(1)), Next::Wait(Some(Instant(50_000))));
    wire.push(SUBMIT_RESP, Instant(2));
    assert_eq!(writes(&mut wire, Instant(2)), [[ENQUIRE_RESP, SUBMIT_RESP].concat()]);
    wire.push(ENQUIRE_RESP, Instant(100_000));
    assert_eq!(writes(&mut wire, Instant(149_999)), Vec::<Vec<u8>>::new());
    assert_eq!(writes(&mut wire, Instant(150_000)), [ENQUIRE_RESP]);
}

#[test]
fn a_pdu_is_cut_in_half_and_nothing_follows() {
    for (rules, last) in [
        (WireRules { reset_in_pdu: 2, ..WireRules::default() }, Next::Reset),
        (WireRules { hang_in_pdu: 2, ..WireRules::default() }, Next::Wait(None)),
    ] {
        let mut wire = wire(rules);
        wire.push(&[SUBMIT_RESP, ENQUIRE_RESP, SUBMIT_RESP].concat(), Instant(0));
        wire.push(SUBMIT_RESP, Instant(0));
        assert_eq!(writes(&mut wire, Instant(0)).concat(), [SUBMIT_RESP, &ENQUIRE_RESP[..8]].concat());
        assert_eq!(wire.next(Instant(1)), last);
    }
}

#[test]
fn a_bind_resp_may_say_no_version_and_enquiries_may_go_unanswered() {
    let bind_resp =
        [&[0, 0, 0, 24, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1][..], b"So\0", &[2, 0x10, 0, 1, 0x34]].concat();
    let mut wire = Wire::new();
    wire.obey(WireRules { drop_rate: 0.0, ..WireRules::default() }, false, false, Chance::new(1, 1));
    wire.push(&[&bind_resp[..], ENQUIRE_RESP].concat(), Instant(0));
    let wanted = [&[0, 0, 0, 19][..], &bind_resp[4..19]].concat();
    assert_eq!(writes(&mut wire, Instant(0)).concat(), wanted);
}
