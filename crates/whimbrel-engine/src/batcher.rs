//! Group commit: what came while the last commit was under way is the next batch, as far as its bounds allow ([`queue`]). What somebody
//! waits for waits for no timer; what nobody waits for is left for a moment, in which it may find a batch that is due.
//!
//! One writer thread owns the store's write side. A caller hands over a group of operations with what is to be done once they
//! are durable; that continuation runs on the writer thread whether or not anybody still waits for the answer, so a client that
//! hangs up cannot strand a message. Once the store has stopped, every group is answered with the error.

mod pace;
mod queue;
mod stepper;

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;
use whimbrel_core::{Timestamp, World};
use whimbrel_store::{Op, OpResult, Store, StoreError};

use self::pace::Pace;
use self::queue::{Bounds, Group, Queue};
pub use self::stepper::{Stepper, Work};

/// How often the store is asked whether there is room again.
const ROOM_ASKED_EVERY: Duration = Duration::from_secs(1);
/// How long an idle writer leaves what nobody waits for: another text may come, and need a flush anyway.
const LEFT_FOR: Duration = Duration::from_millis(5);

/// What runs after a commit, with the answers of the group in order.
pub type Continuation = Box<dyn FnOnce(Result<Vec<OpResult>, CommitError>) + Send>;

/// What is decided of new operations when a batch takes them, and not before: which of them take a place in a carrier's window. Runs on
/// the writer thread; hands over nothing. May never run.
pub type Decision = Box<dyn FnOnce(&mut [Op], Timestamp) -> Windows + Send>;

/// How new operations that may leave at once found their carriers' windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Windows {
    /// There was a place for each of them that is due, or waiting for one would not help: a link, a pause or a rate hinders it, or it has
    /// more parts than the window.
    Open,
    /// There was none for one of them, which has to wait in its carrier's queue. Answers that are on their way bring places back.
    Full,
}

impl Windows {
    /// As all of them found theirs; each is asked.
    pub(crate) fn all(each: impl Iterator<Item = Self>) -> Self {
        each.fold(Self::Open, |all, one| if one == Self::Full { one } else { all })
    }
}

/// Who claims the parts that wait and may leave with a batch.
pub trait Departures: Send + Sync {
    /// The claims, with what follows their commit. Runs on the writer thread when a batch is taken; hands over nothing.
    fn claim(self: Arc<Self>, now: Timestamp) -> Vec<(Vec<Op>, Continuation)>;
}

/// Why a group was not committed.
#[derive(Debug, Clone)]
pub enum CommitError {
    /// The store has stopped; nothing is accepted until a restart.
    Stopped(StoreError),
    /// Too much is waiting, of everybody or of this account: nothing of the group was or will be done.
    Full,
    /// The disk has no room: nothing of the group was or will be done. The store goes on by itself once there is some.
    NoSpace(StoreError),
    /// The process is ending.
    Closed,
}

impl std::fmt::Display for CommitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stopped(error) | Self::NoSpace(error) => error.fmt(f),
            Self::Full => f.write_str("too many operations wait for the store; try again"),
            Self::Closed => f.write_str("the store is closing"),
        }
    }
}

impl std::error::Error for CommitError {}

/// Whether somebody waits for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// The writer begins at once.
    Now,
    /// It goes with what comes next, or after [`LEFT_FOR`].
    InPassing,
}

/// Whether a group may be turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It begins something.
    New,
    /// It ends work already taken: it waits for room on the disk as it waits for a flush.
    Settling,
}

#[derive(Default)]
struct Waiting {
    queue: Queue,
    /// Somebody waits for something in the queue, or for parts to leave: it is not left.
    is_due: bool,
    /// Parts may leave with the next batch.
    may_leave: bool,
    pace: Pace,
    closing: bool,
    stopped: Option<StoreError>,
    /// The disk has no room: nothing new is taken, and what ends other work waits.
    full: Option<StoreError>,
    /// Nothing waits for room any more: the process is ending.
    impatient: bool,
}

impl Waiting {
    /// Whether all that is in the queue may be left there for a moment.
    const fn is_left(&self) -> bool {
        !self.is_due && !self.closing
    }

    /// Whether there is nothing to take.
    fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.may_leave
    }

    /// The next batch. What does not fit into it follows at once.
    ///
    /// Places in windows are taken here, first by parts that wait and then by new ones. An answer frees its place when it is handed over: the
    /// claims of those who wait are committed after it, as they stand in the queue behind it, and new ones take places only if no answer
    /// is left in the queue.
    fn take(&mut self, departures: Option<Arc<dyn Departures>>, now: Timestamp) -> Vec<Group> {
        self.may_leave = false;
        let departures = departures.filter(|_| !self.closing && self.stopped.is_none() && self.full.is_none());
        for (ops, then) in departures.map(|departures| departures.claim(now)).unwrap_or_default() {
            self.queue.push(Group { ops, decide: None, then, kind: Kind::Settling }, now);
        }
        let groups = self.queue.take(self.pace.enough(), now);
        self.is_due = !self.queue.is_empty();
        groups
    }
}

struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
    /// New operations that may wait, of all accounts together.
    op_count_max: usize,
    /// [`LEFT_FOR`].
    left_for: Duration,
    world: Arc<dyn World>,
    departures: OnceLock<Weak<dyn Departures>>,
}

impl Shared {
    fn new(world: Arc<dyn World>, op_count_max: usize, left_for: Duration, pace: Pace) -> Arc<Self> {
        let waiting = Mutex::new(Waiting { pace, ..Waiting::default() });
        let departures = OnceLock::new();
        Arc::new(Self { waiting, came: Condvar::new(), op_count_max, left_for, world, departures })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch.
    fn take(&self) -> Vec<Group> {
        // Held until the lock is free again: it may be the last one, and what it owns hands something over when it goes.
        let departures = self.departures.get().and_then(Weak::upgrade);
        let mut waiting = self.lock();
        let now = self.world.now();
        let groups = waiting.take(departures.clone(), now);
        drop(waiting);
        drop(departures);
        groups
    }
}

/// The way to the store's write side. Cheap to clone.
#[derive(Clone)]
pub struct Batcher {
    shared: Arc<Shared>,
}

/// Owns the writer thread.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Batcher {
    /// Starts the writer thread over `store`. More than `op_count_max` waiting operations are refused.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(store: Arc<dyn Store>, world: Arc<dyn World>, op_count_max: usize) -> std::io::Result<(Self, Writer)> {
        let shared = Shared::new(world, op_count_max, LEFT_FOR, Pace::default());
        let of_thread = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || write(&of_thread, &*store))?;
        Ok((Self { shared: Arc::clone(&shared) }, Writer { shared, thread: Some(thread) }))
    }

    /// Says who claims the parts that wait. Once.
    pub(crate) fn set_departures(&self, departures: Weak<dyn Departures>) {
        _ = self.shared.departures.set(departures);
    }

    /// Parts may leave: a batch is taken as soon as may be, and they are claimed with it.
    pub(crate) fn ask_for_departures(&self) {
        let mut waiting = self.shared.lock();
        let is_news = !waiting.may_leave || !waiting.is_due;
        (waiting.may_leave, waiting.is_due) = (true, true);
        drop(waiting);
        if is_news {
            self.shared.came.notify_one();
        }
    }

    /// Hands over a group; `then` runs exactly once: on the writer thread after the commit, or here if nothing can be taken.
    pub fn push(&self, ops: Vec<Op>, then: Continuation) {
        self.push_as(Kind::New, Haste::Now, ops, None, then);
    }

    /// The same, with something that is decided only when the group is taken.
    pub fn push_undecided(&self, ops: Vec<Op>, decide: Decision, then: Continuation) {
        self.push_as(Kind::New, Haste::Now, ops, Some(decide), then);
    }

    /// As [`push`](Self::push) for operations that end work already taken (answers of carriers, receipts, webhooks): they are
    /// bounded by their own windows and never turned away for lack of room.
    pub fn push_settling(&self, ops: Vec<Op>, then: Continuation) {
        self.push_as(Kind::Settling, Haste::Now, ops, None, then);
    }

    /// As [`push_settling`](Self::push_settling) for what nobody waits for: an idle writer leaves it for some milliseconds, in which
    /// something may come that it is committed with, so that it needs no flush of its own.
    pub fn push_in_passing(&self, ops: Vec<Op>, then: Continuation) {
        self.push_as(Kind::Settling, Haste::InPassing, ops, None, then);
    }

    fn push_as(&self, kind: Kind, haste: Haste, ops: Vec<Op>, decide: Option<Decision>, then: Continuation) {
        let now = self.shared.world.now();
        let mut waiting = self.shared.lock();
        let full = waiting.full.as_ref().filter(|_| kind == Kind::New || waiting.impatient);
        let most = self.shared.op_count_max;
        let bounds = Bounds { paced: waiting.pace.room(most), most };
        let refused = if let Some(error) = &waiting.stopped {
            Some(CommitError::Stopped(error.clone()))
        } else if waiting.closing {
            Some(CommitError::Closed)
        } else if let Some(error) = full {
            Some(CommitError::NoSpace(error.clone()))
        } else if kind == Kind::New && !waiting.queue.admits(&ops, bounds, now) {
            Some(CommitError::Full)
        } else {
            None
        };
        if let Some(error) = refused {
            drop(waiting);
            then(Err(error));
            return;
        }
        let had_nothing = waiting.queue.is_empty();
        waiting.queue.push(Group { ops, decide, then, kind }, now);
        let becomes_due = haste == Haste::Now && !waiting.is_due;
        waiting.is_due |= becomes_due;
        drop(waiting);
        if becomes_due || had_nothing {
            self.shared.came.notify_one();
        }
    }

    /// Hands `ops` over, at this call and not when what it gives is first polled, and waits for their answers, in order. Settling work only;
    /// see [`push_settling`](Self::push_settling).
    ///
    /// # Errors
    /// [`CommitError`]; none of the operations may then be told to anybody.
    pub fn settle(&self, ops: Vec<Op>) -> impl Future<Output = Result<Vec<OpResult>, CommitError>> + use<> {
        self.settle_as(Haste::Now, ops)
    }

    /// As [`settle`](Self::settle) for what nobody waits for but the caller, who has time; see [`push_in_passing`](Self::push_in_passing).
    ///
    /// # Errors
    /// [`CommitError`]; none of the operations may then be told to anybody.
    pub fn settle_in_passing(&self, ops: Vec<Op>) -> impl Future<Output = Result<Vec<OpResult>, CommitError>> + use<> {
        self.settle_as(Haste::InPassing, ops)
    }

    fn settle_as(
        &self,
        haste: Haste,
        ops: Vec<Op>,
    ) -> impl Future<Output = Result<Vec<OpResult>, CommitError>> + use<> {
        let (answer, answered) = oneshot::channel();
        match ops.is_empty() {
            true => _ = answer.send(Ok(Vec::new())),
            false => self.push_as(Kind::Settling, haste, ops, None, Box::new(move |result| _ = answer.send(result))),
        }
        async move { answered.await.unwrap_or(Err(CommitError::Closed)) }
    }

    /// Waits until what ends other work and was handed over before was committed, or refused.
    pub async fn reached(&self) {
        let (answer, answered) = oneshot::channel();
        self.push_settling(Vec::new(), Box::new(move |_| _ = answer.send(())));
        // Whatever became of the store: nothing that was taken before is still under way.
        _ = answered.await;
    }

    /// Has the store asked whether it is well, and does not wait for the answer: [`stopped`](Self::stopped) tells. If something waits to be
    /// committed, that asks.
    pub fn ask_store(&self) {
        let waiting = self.shared.lock();
        let will_tell = !waiting.queue.is_empty() || waiting.full.is_some() || waiting.stopped.is_some();
        drop(waiting);
        if !will_tell {
            self.push_settling(Vec::new(), Box::new(|_| ()));
        }
    }

    /// Waits until everything new that was handed over before was committed, or refused, and what follows from it has run. Nothing new
    /// may be handed over meanwhile, or it may wait for ever.
    pub async fn caught_up(&self) {
        loop {
            let has_new = self.shared.lock().queue.has_new();
            self.reached().await;
            if !has_new {
                return;
            }
        }
    }

    /// Why the store takes nothing now: it has stopped, or there is no room on its disk.
    #[must_use]
    pub fn stopped(&self) -> Option<StoreError> {
        let waiting = self.shared.lock();
        waiting.stopped.as_ref().or(waiting.full.as_ref()).cloned()
    }

    /// Nothing waits for room on the disk from now on: the process is ending, and what is in doubt is found at the next start.
    pub fn lose_patience(&self) {
        self.shared.lock().impatient = true;
        self.shared.came.notify_one();
    }
}

impl Writer {
    /// Commits what is waiting, then ends the thread. Blocks.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.lock().closing = true;
        self.shared.came.notify_one();
        // What ran last on the writer's thread may have held the last that owned it: it ends by itself.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the store's writer thread panicked; restart, and report this as a bug");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends the writing side with the thread, however that ends.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    /// After a panic nobody would ever take what waits: everything is answered, and nothing more is taken.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let error = StoreError::Stopped { why: "its writer thread panicked: report this as a bug".into() };
        let mut waiting = self.0.lock();
        waiting.stopped = Some(error.clone());
        let groups = waiting.queue.take_all();
        drop(waiting);
        tracing::error!(
            "the store's writer thread panicked: nothing is accepted any more; restart, and report this as a bug"
        );
        for group in groups {
            (group.then)(Err(CommitError::Stopped(error.clone())));
        }
    }
}

fn write(shared: &Shared, store: &dyn Store) {
    let _ending = Ending(shared);
    while let Some(groups) = next_batch(shared) {
        if groups.is_empty() {
            // Nothing could leave any more.
            continue;
        }
        commit(shared, store, groups);
        while shared.lock().full.is_some() {
            wait_for_room(shared, store);
        }
    }
}

/// Waits a while, then asks the store whether there is room; what waits meanwhile is kept. Answers it if nobody may wait any more.
fn wait_for_room(shared: &Shared, store: &dyn Store) {
    let waiting = shared.lock();
    let waits = |waiting: &mut Waiting| !waiting.impatient && !waiting.closing;
    let (waiting, _) =
        shared.came.wait_timeout_while(waiting, ROOM_ASKED_EVERY, waits).unwrap_or_else(PoisonError::into_inner);
    let gives_up = waiting.impatient || waiting.closing;
    drop(waiting);
    let asked = store.commit(&[]);
    let mut waiting = shared.lock();
    match asked {
        Ok(_) => {
            waiting.full = None;
            tracing::info!("there is room on the store's disk again");
        }
        Err(error @ StoreError::Full { .. }) if !gives_up => waiting.full = Some(error),
        Err(error) => {
            // Nothing can be written before the process ends, or the store has stopped meanwhile.
            waiting.stopped = Some(error.clone());
            waiting.full = None;
            let groups = waiting.queue.take_all();
            drop(waiting);
            tracing::error!(%error, "what waited for the store could not be written; it is found again after a restart");
            for group in groups {
                (group.then)(Err(CommitError::Stopped(error.clone())));
            }
        }
    }
}

/// One batch: the commit, and what follows from it.
fn commit(shared: &Shared, store: &dyn Store, groups: Vec<Group>) {
    let mut ops = Vec::with_capacity(groups.iter().map(|group| group.ops.len()).sum());
    let mut waiting = Vec::with_capacity(groups.len());
    for mut group in groups {
        waiting.push((group.ops.len(), group.then, group.kind));
        ops.append(&mut group.ops);
    }
    if !ops.is_empty() {
        metrics::histogram!("whimbrel_commit_batch_ops").record(ops.len() as f64);
    }
    let begun_at = shared.world.now();
    let committed = store.commit(&ops);
    let took = shared.world.now().since(begun_at);
    if !ops.is_empty() {
        metrics::histogram!("whimbrel_store_commit_duration_seconds").record(took.to_std());
    }
    let new = waiting.iter().filter(|(_, _, kind)| *kind == Kind::New).map(|(count, ..)| count).sum();
    if committed.is_ok() {
        shared.lock().pace.committed(new, took);
    }
    match committed {
        Ok(results) => answer(waiting, results),
        Err(error @ StoreError::Full { .. }) => keep(shared, ops, waiting, &error),
        Err(error) => {
            tracing::error!(%error, "a commit failed: nothing is accepted any more");
            shared.lock().stopped = Some(error.clone());
            for (_, then, _) in waiting {
                then(Err(CommitError::Stopped(error.clone())));
            }
        }
    }
}

/// Nothing of the batch was done, for want of room. What begins something is refused; what ends other work goes back to its place.
fn keep(shared: &Shared, ops: Vec<Op>, groups: Vec<(usize, Continuation, Kind)>, error: &StoreError) {
    tracing::error!(%error, "nothing is accepted until there is room");
    let mut ops = ops.into_iter();
    let groups: Vec<Group> = groups
        .into_iter()
        .map(|(count, then, kind)| Group { ops: ops.by_ref().take(count).collect(), decide: None, then, kind })
        .collect();
    let mut waiting = shared.lock();
    waiting.full = Some(error.clone());
    let mut refused = waiting.queue.put_back(groups);
    waiting.is_due = true;
    // What came meanwhile is refused with these.
    refused.extend(waiting.queue.take_new());
    drop(waiting);
    for group in refused {
        (group.then)(Err(CommitError::NoSpace(error.clone())));
    }
}

fn answer(waiting: Vec<(usize, Continuation, Kind)>, results: Vec<OpResult>) {
    let mut results = results.into_iter();
    for (count, then, _) in waiting {
        then(Ok(results.by_ref().take(count).collect()));
    }
}

/// Waits until something is waiting that somebody waits for, or has been left for long enough, and takes what is there, up to the bound.
/// `None` once closing and empty.
fn next_batch(shared: &Shared) -> Option<Vec<Group>> {
    let mut waiting = shared.lock();
    loop {
        if !waiting.is_idle() {
            break;
        }
        if waiting.closing {
            return None;
        }
        waiting = shared.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
    let is_left = |waiting: &mut Waiting| waiting.is_left();
    let left =
        shared.came.wait_timeout_while(waiting, shared.left_for, is_left).unwrap_or_else(PoisonError::into_inner);
    drop(left);
    // Whoever hands over the first group of a batch wakes this thread, and a thread that was woken goes first: with few cores a flush
    // would follow every few requests, and most of the time would go into flushing. So those who are at work go first: what they hand
    // over belongs to this batch. If nobody wants the core this returns at once.
    std::thread::yield_now();
    Some(shared.take())
}

#[cfg(test)]
mod tests;
