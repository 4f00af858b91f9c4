use whimbrel_store::{Keyring, SqliteStore};

use super::*;
use crate::SystemWorld;

#[tokio::test]
async fn a_panic_of_the_writer_answers_everybody_and_stops_the_store() {
    let store = SqliteStore::in_memory(Keyring::from_bytes([7; 32])).expect("memory");
    let (batcher, writer) = Batcher::start(Arc::new(store), Arc::new(SystemWorld::new(0, 0)), 10).expect("a thread");
    // The writer is held until two groups wait behind the one that panics.
    let (go, held) = std::sync::mpsc::sync_channel::<()>(1);
    batcher.push(vec![name()], Box::new(move |_| _ = held.recv()));
    batcher.push(vec![name()], Box::new(|_| panic!("on purpose")));
    let (answer, answered) = oneshot::channel();
    batcher.push(vec![name()], Box::new(move |result| _ = answer.send(result.is_err())));
    go.send(()).expect("the writer waits");
    // Whether its turn was in the batch that panicked or after it, it is never told that it was committed.
    assert!(answered.await.unwrap_or(true));
    drop(writer);
    assert!(matches!(batcher.settle(vec![name()]).await, Err(CommitError::Stopped(_))));
    assert!(batcher.stopped().is_some(), "readiness tells it");
}

const FOR_EVER: Duration = Duration::from_secs(3_600);

/// The write side without its thread, of which tests take batches.
fn side(left_for: Duration) -> Batcher {
    Batcher { shared: Shared::new(Arc::new(SystemWorld::new(0, 0)), 10, left_for, Pace::with_enough(3)) }
}

fn push_in_passing(batcher: &Batcher) {
    batcher.push_in_passing(vec![name()], Box::new(|_| ()));
}

fn is_left(batcher: &Batcher) -> bool {
    batcher.shared.lock().is_left()
}

/// A batch that is there: if it were not, or were left, this would wait for an hour.
fn taken(batcher: &Batcher) -> usize {
    next_batch(&batcher.shared).map_or(0, |groups| groups.len())
}

#[test]
fn who_is_told_may_own_the_writer() {
    let store = SqliteStore::in_memory(Keyring::from_bytes([7; 32])).expect("memory");
    let (batcher, writer) = Batcher::start(Arc::new(store), Arc::new(SystemWorld::new(0, 0)), 10).expect("a thread");
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let (go, held) = std::sync::mpsc::sync_channel::<()>(1);
    batcher.push(vec![name()], Box::new(move |_| _ = held.recv()));
    batcher.push(vec![name()], Box::new(move |_| drop(writer)));
    batcher.push(vec![name()], Box::new(move |result| _ = tell.send(result.is_ok())));
    go.send(()).expect("the writer waits");
    assert_eq!(told.recv(), Ok(true), "what waits behind is committed all the same");
    assert!(batcher.stopped().is_none(), "it has not panicked");
}

#[test]
fn a_write_side_that_is_gone_holds_nobody() {
    let store = SqliteStore::in_memory(Keyring::from_bytes([7; 32])).expect("memory");
    let (batcher, stepper) = Batcher::stepped(Arc::new(store), Arc::new(SystemWorld::new(0, 0)), 10);
    let owner = Arc::new(batcher.clone());
    let whether = Arc::downgrade(&owner);
    batcher.push_in_passing(vec![name()], Box::new(move |_| drop(owner)));
    assert_eq!(stepper.work(), Work::Left);
    drop(stepper);
    assert!(whether.upgrade().is_none());
}

#[test]
fn what_nobody_waits_for_is_left_until_somebody_waits() {
    let batcher = side(FOR_EVER);
    push_in_passing(&batcher);
    push_in_passing(&batcher);
    assert!(is_left(&batcher));
    batcher.push(vec![name()], Box::new(|_| ()));
    assert!(!is_left(&batcher));
    push_in_passing(&batcher);
    assert!(!is_left(&batcher), "who comes later holds up nobody");
    assert_eq!(taken(&batcher), 4);
    push_in_passing(&batcher);
    assert!(is_left(&batcher), "the next one is another");
    batcher.push_settling(vec![name()], Box::new(|_| ()));
    assert_eq!(taken(&batcher), 2);
}

#[test]
fn what_nobody_waits_for_goes_by_itself_when_nobody_comes() {
    let batcher = side(Duration::from_millis(1));
    push_in_passing(&batcher);
    assert!(is_left(&batcher));
    assert_eq!(taken(&batcher), 1);
}

#[test]
fn the_thread_that_leaves_something_is_woken_for_what_is_due() {
    let batcher = side(FOR_EVER);
    let of_thread = batcher.clone();
    let taking = std::thread::spawn(move || taken(&of_thread));
    push_in_passing(&batcher);
    // It may leave it by now, or not have begun: it is right both times.
    std::thread::yield_now();
    batcher.push(vec![name()], Box::new(|_| ()));
    assert_eq!(taking.join().expect("no panic"), 2);
}

#[test]
fn what_nobody_waits_for_does_not_hold_up_the_end_of_the_process() {
    let batcher = side(FOR_EVER);
    push_in_passing(&batcher);
    batcher.shared.lock().closing = true;
    assert_eq!(taken(&batcher), 1);
}

#[test]
fn what_did_not_fit_or_found_no_room_is_not_left_again() {
    let batcher = side(FOR_EVER);
    for _ in 0..5_000 {
        push_in_passing(&batcher);
    }
    batcher.push_settling(vec![name()], Box::new(|_| ()));
    let first = taken(&batcher);
    assert!(first < 5_001 && !is_left(&batcher), "one batch has a bound");
    assert_eq!(first + taken(&batcher), 5_001);
    push_in_passing(&batcher);
    let error = StoreError::Full { why: "no room".into() };
    keep(&batcher.shared, vec![name()], vec![(1, Box::new(|_| ()), Kind::Settling)], &error);
    assert_eq!(taken(&batcher), 2);
}

/// Says what happens to an operation that is taken: its name.
fn named(name: &'static str) -> Decision {
    Box::new(move |ops, _| {
        for op in ops {
            *op = Op::NameCarrier { name: name.into() };
        }
        Windows::Open
    })
}

fn names(groups: &[Group]) -> Vec<&str> {
    let ops = groups.iter().flat_map(|group| &group.ops);
    ops.map(|op| if let Op::NameCarrier { name } = op { &**name } else { "another" }).collect()
}

/// Claims one part each time, by that name.
struct Claims(&'static str);

impl Departures for Claims {
    fn claim(self: Arc<Self>, _: Timestamp) -> Vec<(Vec<Op>, Continuation)> {
        let op = Op::NameCarrier { name: self.0.into() };
        if self.0.is_empty() { Vec::new() } else { vec![(vec![op], Box::new(|_| ()))] }
    }
}

fn with_claims(batcher: &Batcher, name: &'static str) -> Arc<Claims> {
    let claims = Arc::new(Claims(name));
    let departures: Weak<Claims> = Arc::downgrade(&claims);
    batcher.set_departures(departures);
    claims
}

#[test]
fn places_are_taken_with_a_batch_by_those_who_wait_before_those_who_come() {
    let batcher = side(FOR_EVER);
    let _claims = with_claims(&batcher, "waited");
    batcher.push_undecided(vec![name()], named("decided"), Box::new(|_| ()));
    batcher.push_settling(vec![name()], Box::new(|_| ()));
    assert_eq!(names(&next_batch(&batcher.shared).expect("a batch")), ["acme", "waited", "decided"]);
}

#[test]
fn who_was_left_for_want_of_a_place_is_taken_next_and_not_left() {
    let batcher = side(FOR_EVER);
    for _ in 0..5 {
        batcher.push_undecided(vec![name()], Box::new(|_, _| Windows::Full), Box::new(|_| ()));
    }
    assert_eq!(taken(&batcher), 3);
    assert!(!is_left(&batcher));
    assert_eq!(taken(&batcher), 2);
}

#[test]
fn windows_are_full_if_one_is_and_each_is_asked() {
    let mut asked = 0;
    let found = [Windows::Open, Windows::Full, Windows::Open];
    assert_eq!(Windows::all(found.into_iter().inspect(|_| asked += 1)), Windows::Full);
    assert_eq!((asked, Windows::all(std::iter::empty())), (3, Windows::Open));
}

#[test]
fn nobody_takes_a_place_whose_answer_is_not_in_the_batch() {
    let batcher = side(FOR_EVER);
    batcher.push_undecided(vec![name()], named("decided"), Box::new(|_| ()));
    batcher.push_settling(vec![name(); 4_096], Box::new(|_| ()));
    batcher.push_settling(vec![name()], Box::new(|_| ()));
    let first = next_batch(&batcher.shared).expect("a batch");
    assert_eq!((names(&first).len(), names(&first).contains(&"decided")), (4_097, false), "it waits in the queue");
    assert_eq!(taken(&batcher), 1);
}

#[test]
fn who_asks_for_departures_wakes_the_writer_and_nothing_is_written_for_nothing() {
    let batcher = side(FOR_EVER);
    let _claims = with_claims(&batcher, "waited");
    let of_thread = batcher.clone();
    let taking = std::thread::spawn(move || taken(&of_thread));
    batcher.ask_for_departures();
    assert_eq!(taking.join().expect("no panic"), 1);
    let empty = side(FOR_EVER);
    let _none = with_claims(&empty, "");
    empty.ask_for_departures();
    assert_eq!(taken(&empty), 0);
    assert!(empty.shared.lock().is_idle());
}

#[test]
fn nothing_leaves_once_the_store_has_stopped_or_the_process_ends() {
    let ends: [fn(&mut Waiting); 3] = [
        |waiting| waiting.closing = true,
        |waiting| waiting.stopped = Some(StoreError::Stopped { why: "broken".into() }),
        |waiting| waiting.full = Some(StoreError::Full { why: "no room".into() }),
    ];
    for end in ends {
        let batcher = side(FOR_EVER);
        let _claims = with_claims(&batcher, "waited");
        batcher.ask_for_departures();
        end(&mut batcher.shared.lock());
        assert_eq!(taken(&batcher), 0);
    }
}

#[test]
fn what_is_taken_is_committed_before_anything_else_is() {
    let store = SqliteStore::in_memory(Keyring::from_bytes([7; 32])).expect("memory");
    let (batcher, stepper) = Batcher::stepped(Arc::new(store), Arc::new(SystemWorld::new(0, 0)), 10);
    let (tell, told) = std::sync::mpsc::sync_channel(2);
    let first = tell.clone();
    batcher.push(vec![name()], Box::new(move |result| _ = first.send((1, result.is_ok()))));
    stepper.take();
    batcher.push(vec![name()], Box::new(move |result| _ = tell.send((2, result.is_ok()))));
    stepper.take();
    stepper.step();
    assert_eq!(told.try_recv(), Ok((1, true)));
    assert!(told.try_recv().is_err(), "the second came while the writer was at work");
    assert_eq!((stepper.has_taken(), stepper.work()), (false, Work::Due));
    stepper.step();
    assert_eq!((told.try_recv(), stepper.work()), (Ok((2, true)), Work::None));
}

fn name() -> Op {
    Op::NameCarrier { name: "acme".into() }
}
