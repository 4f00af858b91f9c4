//! What the process knows of its surroundings, for alerts: the disk and the certificate.

use std::path::Path;

use whimbrel_core::Timestamp;

/// Sets the gauges of the disk that holds the data folder, and of the store's files.
pub(super) fn disk(folder: &Path) {
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        metrics::gauge!("whimbrel_disk_free_bytes").set(disk.f_bavail as f64 * disk.f_frsize as f64);
    }
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let is_store = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("whimbrel.db");
    let sizes = files.flatten().filter(|file| is_store(&file.file_name())).filter_map(|file| file.metadata().ok());
    let bytes: u64 = sizes.map(|metadata| metadata.len()).sum();
    metrics::gauge!("whimbrel_store_bytes").set(bytes as f64);
}

/// Notes when the certificate that HTTPS shows expires.
pub(super) fn certificate(expires_at: Timestamp) {
    metrics::gauge!("whimbrel_certificate_expires_seconds").set(expires_at.unix_seconds() as f64);
}
