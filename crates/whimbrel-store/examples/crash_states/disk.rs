//! A disk as a power cut finds it: what was flushed is there, and of what was not, anything may be.
//!
//! A write that was not flushed may have reached the disk or not, whatever was written before or after it, and of one only some of
//! its sectors. A name that was made or removed counts only once its folder was flushed. A file is what its flushed writes say, in
//! their order, then those that a crash happens to keep.
//!
//! Two threads write and flush at once. A flush is sure of what was written before it began, and of nothing that came while it was under
//! way.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::{Change, What};

const SECTOR: usize = 512;

/// The files of a state by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A file whatever it is called.
type Inode = usize;

#[derive(Debug, Clone)]
enum Pending {
    Data { inode: Inode, what: What },
    Name { path: String, inode: Inode },
    NoName { path: String },
}

/// The disk while changes come.
#[derive(Debug, Default)]
pub struct Disk {
    flushed: Vec<Vec<u8>>,
    names: BTreeMap<String, Inode>,
    /// Names as the running program sees them.
    seen: BTreeMap<String, Inode>,
    /// What was not flushed, each with its number.
    pending: Vec<(u64, Pending)>,
    /// How many there were.
    count: u64,
    /// Flushes under way, by their thread: how many changes there were when it began.
    begun: BTreeMap<u32, u64>,
}

/// Which of the changes that were not flushed a crash keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// None.
    None,
    /// All.
    All,
    /// All but this one.
    But(usize),
    /// Only this one.
    Only(usize),
    /// All, and of the last write only this half of its sectors.
    TornLast(Half),
    /// Those whose bit is set in a word made of this seed.
    Some(u64),
}

/// A half of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Its first sectors.
    First,
    /// Its last.
    Last,
}

impl Disk {
    /// A change happens.
    pub fn take(&mut self, change: &Change) {
        let path = &change.path;
        match &change.what {
            What::FlushBegun(thread) => _ = self.begun.insert(*thread, self.count),
            What::Flushed(thread) => {
                let before = self.begun.remove(thread).unwrap_or(0);
                match self.seen.get(path).copied() {
                    Some(inode) => self.flush(inode, before),
                    // A folder: there is one.
                    None => self.flush_names(before),
                }
            }
            What::Removed => {
                self.seen.remove(path);
                self.wait(Pending::NoName { path: path.clone() });
            }
            What::Made => _ = self.inode(path),
            what @ (What::Written { .. } | What::Cut(_)) => {
                let inode = self.inode(path);
                self.wait(Pending::Data { inode, what: what.clone() });
            }
        }
    }

    /// How many changes were not flushed.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// In how many files changes wait for a flush.
    pub fn pending_file_count(&self) -> usize {
        let inode = |(_, pending): &(u64, Pending)| match pending {
            Pending::Data { inode, .. } => Some(*inode),
            Pending::Name { .. } | Pending::NoName { .. } => None,
        };
        self.pending.iter().filter_map(inode).collect::<BTreeSet<Inode>>().len()
    }

    /// What a crash now leaves.
    pub fn after_crash(&self, kept: Kept) -> Files {
        let (mut contents, mut names) = (self.flushed.clone(), self.names.clone());
        let last = self.pending.len().wrapping_sub(1);
        for (index, (_, pending)) in self.pending.iter().enumerate() {
            let half = match kept {
                Kept::TornLast(half) if index == last => Some(half),
                _ => None,
            };
            if kept.keeps(index) {
                apply(pending, half, &mut contents, &mut names);
            }
        }
        names.into_iter().map(|(path, inode)| (path, contents[inode].clone())).collect()
    }

    fn inode(&mut self, path: &str) -> Inode {
        if let Some(inode) = self.seen.get(path) {
            return *inode;
        }
        let inode = self.flushed.len();
        self.flushed.push(Vec::new());
        self.seen.insert(path.to_owned(), inode);
        self.wait(Pending::Name { path: path.to_owned(), inode });
        inode
    }

    fn wait(&mut self, change: Pending) {
        self.pending.push((self.count, change));
        self.count += 1;
    }

    fn flush(&mut self, flushed: Inode, before: u64) {
        let is_its = |pending: &Pending| matches!(pending, Pending::Data { inode, .. } if *inode == flushed);
        self.flush_where(before, is_its);
    }

    fn flush_names(&mut self, before: u64) {
        self.flush_where(before, |pending| !matches!(pending, Pending::Data { .. }));
    }

    /// Of what came before the flush began, what it is for.
    fn flush_where(&mut self, before: u64, is_flushed: impl Fn(&Pending) -> bool) {
        let is_flushed = |(number, pending): &(u64, Pending)| *number < before && is_flushed(pending);
        let (flushed, pending): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending).into_iter().partition(is_flushed);
        self.pending = pending;
        for (_, pending) in &flushed {
            apply(pending, None, &mut self.flushed, &mut self.names);
        }
    }
}

impl Kept {
    fn keeps(self, index: usize) -> bool {
        match self {
            Self::None => false,
            Self::All | Self::TornLast(_) => true,
            Self::But(left_out) => index != left_out,
            Self::Only(one) => index == one,
            Self::Some(seed) => mixed(seed.wrapping_add(index as u64)) & 1 == 1,
        }
    }
}

fn apply(pending: &Pending, half: Option<Half>, contents: &mut [Vec<u8>], names: &mut BTreeMap<String, Inode>) {
    match pending {
        Pending::Name { path, inode } => _ = names.insert(path.clone(), *inode),
        Pending::NoName { path } => _ = names.remove(path),
        Pending::Data { inode, what: What::Cut(length) } => contents[*inode].resize(*length, 0),
        Pending::Data { inode, what: What::Written { offset, octets } } => {
            // Sectors lie at multiples of their size in the file, not in the write.
            let middle = (offset + octets.len() / 2).next_multiple_of(SECTOR).clamp(*offset, offset + octets.len());
            let (from, to) = match half {
                None => (0, octets.len()),
                Some(Half::First) => (0, middle - offset),
                Some(Half::Last) => (middle - offset, octets.len()),
            };
            let content = &mut contents[*inode];
            if to > from {
                content.resize(content.len().max(offset + to), 0);
                content[offset + from..offset + to].copy_from_slice(&octets[from..to]);
            }
        }
        Pending::Data { .. } => {}
    }
}

/// The finish of SplitMix64.
fn mixed(word: u64) -> u64 {
    let z = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
