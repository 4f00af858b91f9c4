//! Threads of their own for work that is dear on purpose, so that nobody else waits for it.
//!
//! A comparison with a chosen secret takes tens of milliseconds of a core, and a key pair more. It runs on few threads that give way
//! to all others of the process, in turns by who asks, and guesses have a share of it at most ([`queue`]). What does not fit is
//! told so at once.

mod queue;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use self::queue::{Queue, Turn};

pub use self::queue::{Asker, Overloaded, Spent};

const THREADS_MAX: usize = 4;
/// How much the threads give way: the scheduler's least but nine.
const NICE: i32 = 10;

type Work = Box<dyn FnOnce() -> Spent + Send>;

struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
    began_at: Instant,
    thread_count: u32,
}

#[derive(Default)]
struct Waiting {
    queue: Queue<Work>,
    closing: bool,
}

/// The threads. They end when this is dropped, after the work each is at.
pub struct Prover {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Prover {
    /// Starts threads for comparisons: half as many as there are cores, at least one.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with_threads((cores / 2).clamp(1, THREADS_MAX), "prover")
    }

    /// Starts one thread for what has no haste.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start_one(name: &str) -> std::io::Result<Self> {
        Self::with_threads(1, name)
    }

    #[expect(clippy::disallowed_methods, reason = "how long a thread worked is no time of the product's")]
    fn with_threads(count: usize, name: &str) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            came: Condvar::new(),
            began_at: Instant::now(),
            thread_count: u32::try_from(count).unwrap_or(1),
        });
        let mut prover = Self { shared, threads: Vec::with_capacity(count) };
        for number in 0..count {
            let shared = Arc::clone(&prover.shared);
            let builder = std::thread::Builder::new().name(format!("{name}-{number}"));
            prover.threads.push(builder.spawn(move || work(&shared))?);
        }
        Ok(prover)
    }

    /// Has `work` done for `asker`; it says what it was good for. If the one who asked is gone by then, it is left out.
    ///
    /// # Errors
    /// [`Overloaded`]: nothing will be done.
    pub async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce() -> (T, Spent) + Send + 'static,
    ) -> Result<T, Overloaded> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            if answer.is_closed() {
                return Spent::OnNothing;
            }
            let (result, spent) = work();
            _ = answer.send(result);
            spent
        };
        self.shared.push(asker, Box::new(work))?;
        // Without an answer the work panicked, or the process ends.
        answered.await.map_err(|_| Overloaded)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began_at.elapsed()
    }

    fn push(&self, asker: Asker, work: Work) -> Result<(), Overloaded> {
        let mut waiting = self.lock();
        if waiting.closing {
            return Err(Overloaded);
        }
        waiting.queue.push(asker, work, self.now())?;
        drop(waiting);
        self.came.notify_one();
        Ok(())
    }

    /// The next work; `None` once the threads are to end.
    fn next(&self) -> Option<(Asker, Work)> {
        let mut waiting = self.lock();
        loop {
            if waiting.closing {
                return None;
            }
            let now = self.now();
            waiting = match waiting.queue.turn(now) {
                Turn::Work(asker, work) => return Some((asker, work)),
                Turn::Rest(until) => {
                    let rested = self.came.wait_timeout(waiting, until.saturating_sub(now));
                    rested.unwrap_or_else(PoisonError::into_inner).0
                }
                Turn::Idle => self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

fn work(shared: &Shared) {
    // On Linux this is a property of the thread. Without it the threads still are few.
    _ = rustix::process::nice(NICE);
    while let Some((asker, work)) = shared.next() {
        let began_at = shared.now();
        // A panic must not take the thread along: those who wait would wait for ever.
        let spent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
            tracing::error!("dear work, such as the comparison with a secret, ended in a panic; report this as a bug");
            Spent::OnNothing
        });
        let now = shared.now();
        shared.lock().queue.done(asker, spent, now.saturating_sub(began_at), now, shared.thread_count);
    }
}

impl Drop for Prover {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        waiting.closing = true;
        // Who waits is answered by the channel's end.
        waiting.queue.clear();
        drop(waiting);
        self.shared.came.notify_all();
        for thread in self.threads.drain(..) {
            _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::queue::{WAITING_MAX, WAITING_OF_ONE_MAX};
    use super::*;
    use crate::failures::Source;

    fn source(last: u8) -> Asker {
        Asker::Source(Source::of(Some([192, 0, 2, last].into())))
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_so_and_one_source_cannot_fill_it() {
        let prover = Arc::new(Prover::start_one("test").expect("a thread"));
        let (started, has_started) = sync_channel::<()>(1);
        let (go, gone) = sync_channel::<()>(0);
        let ask = |source, compare: Box<dyn FnOnce() + Send>| {
            let prover = Arc::clone(&prover);
            tokio::spawn(async move { prover.run(source, move || (compare(), Spent::Well)).await })
        };
        // The one thread is held; the queue behind it fills.
        let held = ask(
            source(0),
            Box::new(move || {
                started.send(()).expect("awaited");
                gone.recv().expect("told");
            }),
        );
        tokio::task::yield_now().await;
        tokio::task::spawn_blocking(move || has_started.recv()).await.expect("no panic").expect("started");
        let mut asked = Vec::new();
        for _ in 0..=WAITING_OF_ONE_MAX {
            asked.push(ask(source(1), Box::new(|| {})));
        }
        for last in 2..=60 {
            asked.push(ask(source(last), Box::new(|| {})));
        }
        while asked.iter().filter(|task| task.is_finished()).count() < asked.len() - WAITING_MAX {
            tokio::task::yield_now().await;
        }
        go.send(()).expect("awaited");
        assert_eq!(held.await.expect("no panic"), Ok(()));
        let mut verdicts = Vec::new();
        for task in asked {
            verdicts.push(task.await.expect("no panic").is_ok());
        }
        let of_one = verdicts[..=WAITING_OF_ONE_MAX].iter().filter(|ok| **ok).count();
        assert_eq!((of_one, verdicts.iter().filter(|ok| **ok).count()), (WAITING_OF_ONE_MAX, WAITING_MAX));
    }

    #[tokio::test]
    async fn a_panic_is_one_comparisons_own_and_who_hung_up_costs_nothing() {
        let prover = Prover::start_one("test").expect("a thread");
        let failed = prover.run(source(1), || -> (u8, Spent) { panic!("on purpose") }).await;
        assert_eq!(failed, Err(Overloaded));
        assert_eq!(prover.run(source(1), || (7, Spent::Well)).await, Ok(7));
        let (ran, was_run) = sync_channel(1);
        let (hold, held) = sync_channel::<()>(0);
        let holding = prover.run(source(1), move || (held.recv(), Spent::Well));
        let dropped = prover.run(source(1), move || (ran.send(()), Spent::Well));
        let mut holding = Box::pin(holding);
        {
            let mut dropped = Box::pin(dropped);
            tokio::select! { biased; _ = &mut holding => {}, _ = &mut dropped => {}, () = tokio::task::yield_now() => {} }
        }
        drop(hold);
        assert!(holding.await.expect("done").is_err());
        assert_eq!(prover.run(source(1), || (8, Spent::Well)).await, Ok(8), "after both");
        assert!(was_run.try_recv().is_err());
    }
}
