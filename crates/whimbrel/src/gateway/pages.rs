//! Small pages of memory.

/// Has the kernel give this process memory in small pages only.
///
/// Large ones would be given on a system set to `always`, and on one set to `madvise`, since the allocator asks for them. A page of 2 MiB
/// then stays as long as any of its objects: under load that was a quarter to a third of the memory held, and no time was saved. Pages that are
/// large already stay so, and where the kernel knows no such setting, all stays as it is.
pub(super) fn keep_small() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "memory may come in large pages");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn large_pages_are_given_no_more() {
        keep_small();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        // An older kernel does not tell.
        let told = status.lines().find_map(|line| line.strip_prefix("THP_enabled:")).map(str::trim);
        assert!(matches!(told, Some("0") | None), "{told:?}");
    }
}
