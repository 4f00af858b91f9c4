//! At most 350 packages in the lock file: each is code that someone has to trust.

use crate::tidy::{Finding, Tree};

/// The budget, our own crates included.
const PACKAGES_MAX: usize = 350;

/// Counts the lock file's packages.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(lock) = tree.file("Cargo.lock") else {
        return vec![Finding::new("Cargo.lock", 0, "missing: the lock file belongs in the repository")];
    };
    let count = lock.text.lines().filter(|line| *line == "[[package]]").count();
    if count <= PACKAGES_MAX {
        return Vec::new();
    }
    vec![Finding::new(
        "Cargo.lock",
        0,
        format!("{count} packages, {PACKAGES_MAX} are allowed: drop one or argue in an ADR"),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::tree;

    #[test]
    fn one_package_too_many_is_found() {
        let lock = |count: usize| "[[package]]\nname = \"x\"\n".repeat(count);
        assert_eq!(check(&tree(&[("Cargo.lock", &lock(PACKAGES_MAX))])), []);
        assert_eq!(check(&tree(&[("Cargo.lock", &lock(PACKAGES_MAX + 1))])).len(), 1);
        assert_eq!(check(&tree(&[])).len(), 1);
    }
}
