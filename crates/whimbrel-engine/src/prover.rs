//! Threads of their own for comparisons that are dear on purpose, so that nobody else waits for them.
//!
//! A comparison with a chosen secret takes tens of milliseconds of a core. It runs on few threads that give way to all others
//! of the process, behind a queue with a bound; one source has a part of the queue at most, so that who guesses does not keep
//! others out. What does not fit is told so at once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::failures::Source;

/// Comparisons that wait, at most: at 50 ms each on one thread, the last waits three seconds.
const WAITING_MAX: usize = 64;
/// Of these, comparisons for one source.
const WAITING_PER_SOURCE_MAX: usize = 16;
const THREADS_MAX: usize = 4;
/// How much the threads give way: the scheduler's least but nine.
const NICE: i32 = 10;

/// More comparisons wait than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overloaded;

type Work = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    works: VecDeque<(Source, Work)>,
    per_source: HashMap<Source, usize>,
    closing: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

/// The threads. They end when this is dropped, after the comparison each is at.
pub struct Prover {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Prover {
    /// Starts the threads: half as many as there are cores, at least one.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with_threads((cores / 2).clamp(1, THREADS_MAX))
    }

    fn with_threads(count: usize) -> std::io::Result<Self> {
        let mut prover = Self { shared: Arc::default(), threads: Vec::with_capacity(count) };
        for number in 0..count {
            let shared = Arc::clone(&prover.shared);
            let builder = std::thread::Builder::new().name(format!("prover-{number}"));
            prover.threads.push(builder.spawn(move || work(&shared))?);
        }
        Ok(prover)
    }

    /// Has `compare` done for `source`. If the one who asked is gone by then, it is left out.
    ///
    /// # Errors
    /// [`Overloaded`]: nothing will be done.
    pub async fn run<T: Send + 'static>(
        &self,
        source: Source,
        compare: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            if !answer.is_closed() {
                _ = answer.send(compare());
            }
        };
        self.shared.push(source, Box::new(work))?;
        // Without an answer the comparison panicked, or the process ends.
        answered.await.map_err(|_| Overloaded)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, source: Source, work: Work) -> Result<(), Overloaded> {
        let mut waiting = self.lock();
        let of_source = waiting.per_source.get(&source).copied().unwrap_or(0);
        if waiting.closing || waiting.works.len() >= WAITING_MAX || of_source >= WAITING_PER_SOURCE_MAX {
            return Err(Overloaded);
        }
        waiting.per_source.insert(source, of_source + 1);
        waiting.works.push_back((source, work));
        drop(waiting);
        self.came.notify_one();
        Ok(())
    }

    /// The next work; `None` once the threads are to end.
    fn next(&self) -> Option<Work> {
        let mut waiting = self.lock();
        loop {
            if waiting.closing {
                return None;
            }
            if let Some((source, work)) = waiting.works.pop_front() {
                match waiting.per_source.get_mut(&source) {
                    Some(count) if *count > 1 => *count -= 1,
                    _ => _ = waiting.per_source.remove(&source),
                }
                return Some(work);
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(shared: &Shared) {
    // On Linux this is a property of the thread. Without it the threads still are few.
    _ = rustix::process::nice(NICE);
    while let Some(work) = shared.next() {
        // A panic must not take the thread along: those who wait would wait for ever.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
            tracing::error!("the comparison with a secret ended in a panic; report this as a bug");
        }
    }
}

impl Drop for Prover {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        waiting.closing = true;
        // Who waits is answered by the channel's end.
        waiting.works.clear();
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

    use super::*;

    fn source(last: u8) -> Source {
        Source::of(Some([192, 0, 2, last].into()))
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_so_and_one_source_cannot_fill_it() {
        let prover = Arc::new(Prover::with_threads(1).expect("a thread"));
        let (started, has_started) = sync_channel::<()>(1);
        let (go, gone) = sync_channel::<()>(0);
        let ask = |source, compare: Box<dyn FnOnce() + Send>| {
            let prover = Arc::clone(&prover);
            tokio::spawn(async move { prover.run(source, compare).await })
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
        for _ in 0..=WAITING_PER_SOURCE_MAX {
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
        let of_one = verdicts[..=WAITING_PER_SOURCE_MAX].iter().filter(|ok| **ok).count();
        assert_eq!((of_one, verdicts.iter().filter(|ok| **ok).count()), (WAITING_PER_SOURCE_MAX, WAITING_MAX));
    }

    #[tokio::test]
    async fn a_panic_is_one_comparisons_own_and_who_hung_up_costs_nothing() {
        let prover = Prover::with_threads(1).expect("a thread");
        let failed = prover.run(source(1), || -> u8 { panic!("on purpose") }).await;
        assert_eq!(failed, Err(Overloaded));
        assert_eq!(prover.run(source(1), || 7).await, Ok(7));
        let (ran, was_run) = sync_channel(1);
        let (hold, held) = sync_channel::<()>(0);
        let holding = prover.run(source(1), move || held.recv());
        let dropped = prover.run(source(1), move || ran.send(()));
        let mut holding = Box::pin(holding);
        {
            let mut dropped = Box::pin(dropped);
            tokio::select! { biased; _ = &mut holding => {}, _ = &mut dropped => {}, () = tokio::task::yield_now() => {} }
        }
        drop(hold);
        assert!(holding.await.expect("done").is_err());
        assert_eq!(prover.run(source(1), || 8).await, Ok(8), "after both");
        assert!(was_run.try_recv().is_err());
    }
}
