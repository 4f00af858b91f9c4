//! Every state after every change: opened, and compared with what the store held after each commit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use whimbrel_store::check::INVARIANTS;
use whimbrel_store::{CheckedStore, DATABASE_FILE, SqliteOptions, SqliteStore};

use crate::Failed;
use crate::disk::{Disk, Files, Half, Kept};
use crate::log::{self, Change, TOLD, What};
use crate::script::fingerprint;
use crate::support::keyring;

/// Changes that were not flushed, of which each is left out, and kept alone, in a state of its own. Of more, so many are chosen
/// evenly.
const EACH_MAX: usize = 64;
/// States beside those of which some are kept at random.
const RANDOM_COUNT: u64 = 6;

/// Whether what was flushed counts as flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushes {
    /// It does.
    Count,
    /// It does not, as on a disk that lies.
    Ignored,
}

/// A commit that was told.
struct Told {
    kind: String,
    fingerprint: String,
}

/// What was seen of the crashes within commits of one kind.
#[derive(Default)]
struct Seen {
    instants: usize,
    states: usize,
    /// Instants with so many open changes that not each was left out by itself.
    sampled: usize,
    /// Instants at which both the log and the database had open changes: their writers were at work beside each other.
    beside: usize,
}

/// Verifies every `stride`-th instant of a log; prints a line of JSON.
pub fn run(log: &Path, scratch: &Path, stride: usize, flushes: Flushes) -> Result<(), Failed> {
    let changes = log::read(log)?;
    let told = changes.iter().filter_map(told).collect::<Result<Vec<Told>, Failed>>()?;
    let mut verifier = Verifier::new(scratch, &told);
    let (mut disk, mut last) = (Disk::default(), None::<usize>);
    for (instant, change) in changes.iter().enumerate() {
        if change.path == TOLD {
            if matches!(change.what, What::Written { .. }) {
                last = Some(last.map_or(0, |last| last + 1));
            }
            continue;
        }
        if flushes == Flushes::Count || !matches!(change.what, What::Flushed(_)) {
            disk.take(change);
        }
        // Nothing is another state for its having begun.
        if matches!(change.what, What::FlushBegun(_)) {
            continue;
        }
        // Before the first commit was told nothing can be found to be lost.
        let is_looked_at = flushes == Flushes::Count || last.is_some();
        if is_looked_at && instant.is_multiple_of(stride.max(1)) {
            verifier.instant(&disk, instant, last)?;
        }
    }
    verifier.tell(changes.len())
}

/// A line of the recorded program.
fn told(change: &Change) -> Option<Result<Told, Failed>> {
    let What::Written { octets, .. } = &change.what else { return None };
    (change.path == TOLD).then(|| {
        let line = std::str::from_utf8(octets)?;
        let (fingerprint, kind) = line.trim_end().split_once(' ').ok_or("a told line has two words")?;
        Ok(Told { kind: kind.to_owned(), fingerprint: fingerprint.to_owned() })
    })
}

struct Verifier<'a> {
    scratch: &'a Path,
    told: &'a [Told],
    /// The commits after which the database held a content; several, if commits changed nothing.
    commits: HashMap<&'a str, Vec<usize>>,
    /// What was found in files by their digest: the newest commit that they hold.
    indexes: HashMap<[u8; 32], usize>,
    /// Commits whose content kept every invariant.
    checked: HashSet<usize>,
    seen: BTreeMap<&'a str, Seen>,
}

impl<'a> Verifier<'a> {
    fn new(scratch: &'a Path, told: &'a [Told]) -> Self {
        let mut commits: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, told) in told.iter().enumerate() {
            commits.entry(&told.fingerprint).or_default().push(index);
        }
        let (indexes, checked, seen) = (HashMap::new(), HashSet::new(), BTreeMap::new());
        Self { scratch, told, commits, indexes, checked, seen }
    }

    /// All states of one instant, after commit `last` was told.
    fn instant(&mut self, disk: &Disk, instant: usize, last: Option<usize>) -> Result<(), Failed> {
        let open = disk.pending_count();
        let step = open.div_ceil(EACH_MAX).max(1);
        let each = (0..open).step_by(step).flat_map(|index| [Kept::But(index), Kept::Only(index)]);
        let random = (0..RANDOM_COUNT).map(|seed| Kept::Some(seed << 32 | instant as u64));
        let torn = [Kept::TornLast(Half::First), Kept::TornLast(Half::Last)];
        let states = [Kept::None, Kept::All].into_iter().chain(torn).chain(each).chain(random);
        let mut count = 0;
        for kept in states.take(if open == 0 { 1 } else { usize::MAX }) {
            self.state(&disk.after_crash(kept), last).map_err(|why| {
                format!("after change {instant}, {kept:?} of {open} open changes, last told commit {last:?}: {why}")
            })?;
            count += 1;
        }
        let during = last.map_or(0, |last| last + 1).min(self.told.len() - 1);
        let seen = self.seen.entry(&self.told[during].kind).or_default();
        seen.instants += 1;
        seen.states += count;
        seen.sampled += usize::from(step > 1);
        seen.beside += usize::from(disk.pending_file_count() > 1);
        Ok(())
    }

    /// A line for each kind of commit, then one of JSON.
    fn tell(&self, change_count: usize) -> Result<(), Failed> {
        let mut out = std::io::stdout().lock();
        for (kind, seen) in &self.seen {
            writeln!(out, "  {kind}: {} instants, {} states", seen.instants, seen.states)?;
        }
        let sum = |of: fn(&Seen) -> usize| self.seen.values().map(of).sum::<usize>();
        let checkpoints = self.seen.iter().filter(|(kind, _)| kind.starts_with("checkpoint"));
        writeln!(
            out,
            "{{\"changes\":{change_count},\"commits\":{},\"kinds\":{},\"instants\":{},\"sampled_instants\":{},\
             \"instants_of_two_writers\":{},\"states\":{},\"states_in_checkpoints\":{},\"different_states\":{},\
             \"contents_checked\":{}}}",
            self.told.len(),
            self.seen.len(),
            sum(|seen| seen.instants),
            sum(|seen| seen.sampled),
            sum(|seen| seen.beside),
            sum(|seen| seen.states),
            checkpoints.map(|(_, seen)| seen.states).sum::<usize>(),
            self.indexes.len(),
            self.checked.len()
        )?;
        Ok(())
    }

    fn state(&mut self, files: &Files, last: Option<usize>) -> Result<(), Failed> {
        let digest = digest(files);
        let index = match self.indexes.get(&digest) {
            Some(index) => *index,
            None => {
                let index = self.open(files)?;
                self.indexes.insert(digest, index);
                index
            }
        };
        if last.is_some_and(|last| index < last) {
            let (found, told) = (&self.told[index].kind, last.map(|last| &self.told[last].kind));
            return Err(format!("it holds commit {index} ({found}), and one was told after it: {told:?}").into());
        }
        Ok(())
    }

    /// Opens a state as a start after the crash does; the newest commit whose content it has.
    fn open(&mut self, files: &Files) -> Result<usize, Failed> {
        if self.scratch.exists() {
            std::fs::remove_dir_all(self.scratch)?;
        }
        std::fs::create_dir_all(self.scratch)?;
        for (path, content) in files {
            std::fs::write(self.scratch.join(path), content)?;
        }
        let path = self.scratch.join(DATABASE_FILE);
        drop(SqliteStore::open(SqliteOptions { path: path.clone(), keyring: keyring(), reader_count: 1 })?);
        let found = fingerprint(&path)?;
        let commits = self.commits.get(found.as_str());
        let index = commits.and_then(|commits| commits.last()).copied();
        let index = index.ok_or("it holds what the store never held")?;
        if self.checked.insert(index) {
            let store = CheckedStore::open(&path, keyring())?;
            for invariant in INVARIANTS {
                let verdict = store.judge(invariant)?;
                if verdict.violation_count > 0 {
                    return Err(format!("{} is broken: {:?}", verdict.name, verdict.violations).into());
                }
            }
        }
        Ok(index)
    }
}

fn digest(files: &Files) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (path, content) in files {
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(content.len().to_le_bytes());
        hash.update(content);
    }
    hash.finalize().into()
}
