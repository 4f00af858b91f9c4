//! What a process used so far, from `/proc`.

use std::time::Duration;

use crate::failure::{Attempted as _, Failure, Outcome};

/// Linux counts process times in hundredths of a second (`USER_HZ`).
const MICROSECONDS_A_TICK: u64 = 10_000;

/// User and system time of all threads so far.
pub fn cpu(pid: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).attempting("read a process's times")?;
    cpu_of(&stat).ok_or_else(|| Failure::new("the kernel's stat line has another form than known"))
}

/// User and system time of all processes that this one started and that have ended, and of those that these started.
pub fn cpu_of_ended_children() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").attempting("read our own times")?;
    times(&stat, 13).ok_or_else(|| Failure::new("the kernel's stat line has another form than known"))
}

fn cpu_of(stat: &str) -> Option<Duration> {
    times(stat, 11)
}

/// The sum of the field with this place after the name, and the next.
fn times(stat: &str, place: usize) -> Option<Duration> {
    // The name stands in parentheses and may hold anything, parentheses too: fields count from the last one.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(place);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_micros((user + system) * MICROSECONDS_A_TICK))
}

/// Resident memory in KiB: now, and the most there was.
pub fn memory_kib(pid: u32) -> Outcome<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).attempting("read a process's memory")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    field("VmRSS:").zip(field("VmHWM:")).ok_or_else(|| Failure::new("the kernel's status has another form than known"))
}

/// A process and all that descend from it, as far as they still run.
pub fn family(pid: u32) -> Outcome<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").attempting("list processes")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may be gone meanwhile.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { continue };
        parents.extend(parent_of(&stat).map(|parent| (process, parent)));
    }
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(process, _)| *process));
        next += 1;
    }
    Ok(family)
}

fn parent_of(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 700 200 20 0 4 0 100 1 1";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(3)));
        assert_eq!(times(stat, 13), Some(Duration::from_secs(9)));
        assert_eq!(cpu_of("7 (a"), None);
    }

    #[test]
    fn a_child_is_of_the_family() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let family = family(std::process::id()).unwrap();
        assert!(family.contains(&child.id()) && family[0] == std::process::id());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(parent_of("7 (a) b) c) S 1 7 7"), Some(1));
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let (now, most) = memory_kib(std::process::id()).expect("our own status");
        assert!(0 < now && now <= most);
        assert!(cpu(std::process::id()).is_ok());
    }
}
