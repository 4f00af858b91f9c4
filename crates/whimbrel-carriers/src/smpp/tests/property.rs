//! Exactly one event per submission, and a true one, whatever a centre does. Each case is a number, which a failure names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use whimbrel_core::{CarrierEvent, PhoneNumber, Submission};
use whimbrel_smpp::{Body, CommandStatus};

use super::harness::{Fixture, Options, Peer, outcome, submission};

/// SplitMix64 (Steele, Lea, Flood, 2014): chance that a number repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The parts that any centre got whole.
type Got = Arc<Mutex<BTreeSet<i64>>>;

/// A centre that answers as it likes until one of the two hangs up.
async fn misbehave(mut peer: Peer, mut chance: Chance, got: Got) {
    serve(&mut peer, &mut chance, &got).await;
    // What had arrived before the end is seen, too.
    while let Ok(Some(pdu)) = tokio::time::timeout(Duration::ZERO, peer.pdu()).await {
        note_got(&got, &pdu.body);
    }
}

fn note_got(got: &Got, body: &Body) {
    if let Body::SubmitSm(message) = body {
        let digits = std::str::from_utf8(&message.destination.digits).expect("digits");
        got.lock().expect("nobody panicked").insert(digits[4..].parse().expect("a number"));
    }
}

/// The part's number is in the recipient's.
fn numbered(part: i64) -> Submission {
    Submission { recipient: PhoneNumber::parse(&format!("4477{part:08}")).expect("a number"), ..submission(part) }
}

async fn serve(peer: &mut Peer, chance: &mut Chance, got: &Got) {
    if chance.below(8) == 0 {
        return peer.refuse(CommandStatus::RSYSERR).await;
    }
    peer.accept().await;
    let lifetime = Duration::from_millis(chance.below(200_000));
    let until = tokio::time::Instant::now() + lifetime;
    loop {
        let pdu = tokio::select! {
            biased;
            pdu = peer.pdu() => pdu,
            () = tokio::time::sleep_until(until) => None,
        };
        let Some(pdu) = pdu else { return };
        note_got(got, &pdu.body);
        let answer = match pdu.body {
            Body::EnquireLink if chance.below(20) > 0 => Some((CommandStatus::ROK, Body::EnquireLinkResp)),
            Body::Unbind => Some((CommandStatus::ROK, Body::UnbindResp)),
            Body::SubmitSm(_) => match chance.below(10) {
                0 => Some((CommandStatus::RTHROTTLED, Body::SubmitSmResp(Default::default()))),
                1 => Some((CommandStatus::RSYSERR, Body::GenericNack)),
                2 => None,
                3 => return,
                4 => {
                    tokio::time::sleep(Duration::from_millis(chance.below(90_000))).await;
                    Some((CommandStatus::ROK, Body::SubmitSmResp(Default::default())))
                }
                5 => Some((CommandStatus::RINVBNDSTS, Body::SubmitSmResp(Default::default()))),
                _ => Some((CommandStatus::ROK, Body::SubmitSmResp(Default::default()))),
            },
            _ => None,
        };
        if let Some((status, body)) = answer {
            peer.send(status, pdu.sequence, body).await;
        }
    }
}

/// What came for each part, in order.
type Story = BTreeMap<i64, Vec<String>>;

fn note(story: &mut Story, event: &CarrierEvent) -> bool {
    let Some(outcome) = outcome(event) else { return false };
    let (part, what) = outcome.split_once(' ').expect("a part and what came for it");
    let whats = story.entry(part.parse().expect("a number")).or_default();
    whats.push(what.to_owned());
    // A late answer to a doubt is the second word on the same part.
    whats.len() == 1
}

async fn run(seed: u64) -> BTreeSet<String> {
    let got = Got::default();
    let mut chance = Chance(seed);
    let window_max = u16::try_from(1 + chance.below(20)).expect("small");
    let capacity = usize::try_from(40 + chance.below(600)).expect("small");
    let events = usize::try_from(1 + chance.below(30)).expect("small");
    let mut fixture = Fixture::new(Options { window_max, capacity, events, ..Options::default() });
    let mut story = Story::new();
    let (mut taken, mut open) = (0_i64, 0_u16);
    let total = 1 + i64::try_from(chance.below(150)).expect("small");
    let mut seeds = Chance(seed ^ 0xABCD);
    let mut centre = tokio::spawn(misbehave(fixture.connected().await, Chance(seeds.below(u64::MAX)), got.clone()));
    while taken < total {
        while open < window_max && taken < total && chance.below(5) > 0 {
            if fixture.carrier.submit(numbered(taken + 1)).is_err() {
                break;
            }
            taken += 1;
            open += 1;
        }
        let pause = Duration::from_millis(chance.below(3_000));
        tokio::select! {
            event = fixture.event() => open -= u16::from(note(&mut story, &event)),
            done = &mut centre => {
                done.expect("the centre does not panic");
                let hears = async { loop { open -= u16::from(note(&mut story, &fixture.events.recv().await.expect("it lives"))); } };
                let _ = tokio::time::timeout(pause, hears).await;
                // While it binds anew the engine goes on.
                let next = loop {
                    tokio::select! {
                        biased;
                        peer = fixture.peers.recv() => break Peer::new(peer.expect("the carrier connects")),
                        Some(event) = fixture.events.recv() => open -= u16::from(note(&mut story, &event)),
                    }
                };
                centre = tokio::spawn(misbehave(next, Chance(seeds.below(u64::MAX)), got.clone()));
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
    let carrier = fixture.carrier.clone();
    let closing = tokio::spawn(async move { carrier.close().await });
    while let Some(event) = fixture.events.recv().await {
        note(&mut story, &event);
    }
    closing.await.expect("it closes");
    assert_eq!(story.len(), usize::try_from(taken).expect("small"), "seed {seed}: {story:?}");
    for (part, whats) in &story {
        let is_right = match &whats[..] {
            [_] => true,
            [first, second] => first == "doubt AnswerTimedOut" && second == "sent",
            _ => false,
        };
        assert!(is_right, "seed {seed}, part {part}: {whats:?}");
        let is_got = got.lock().expect("nobody panicked").contains(part);
        let is_true = match &*whats[0] {
            "given back" => !is_got,
            "sent" | "refused" => is_got,
            _ => true,
        };
        assert!(is_true, "seed {seed}, part {part}: {whats:?}, but the centre got it: {is_got}");
    }
    story.into_values().flatten().collect()
}

#[test]
fn every_submission_gets_exactly_one_event() {
    let mut seen = BTreeSet::new();
    for seed in 0..120 {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
        seen.extend(runtime.block_on(run(seed)));
    }
    // Each kind came, or the test would prove little.
    assert!(seen.iter().eq(["doubt AnswerTimedOut", "doubt LinkLost", "given back", "refused", "sent"]), "{seen:?}");
}
