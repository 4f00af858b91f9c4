//! The dialects that are built in: one line each. The only place outside their folders that names them.

use crate::Dialect;

/// Every dialect, in the order in which their paths are tried.
pub static DIALECTS: &[&dyn Dialect] = &[&crate::nexmo::Nexmo, &crate::nexo::Nexo, &crate::seven::Seven];

/// The dialect with that id or alias.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|dialect| {
        let descriptor = dialect.descriptor();
        descriptor.id == name || descriptor.aliases.contains(&name)
    })
}
