//! A file system of its own in a file, whose power can be taken: ext4 on a loop device.
//!
//! What a program wrote and did not flush is in the kernel's memory, above the device; what it flushed is in the file below. A copy
//! of that file, taken while no writer runs, is the disk as a power cut leaves it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::failure::{Attempted as _, Outcome};

/// A mounted file system. Dropped, it is unmounted.
#[derive(Debug)]
pub struct LoopDisk {
    image: PathBuf,
    at: PathBuf,
    mounted: bool,
}

impl LoopDisk {
    /// Makes one of `bytes` in `image` and mounts it at `at`, both new.
    pub fn new(image: &Path, at: &Path, bytes: u64) -> Outcome<Self> {
        std::fs::create_dir_all(at)?;
        std::fs::File::create_new(image)?.set_len(bytes)?;
        command::run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image))?;
        let mut disk = Self { image: image.to_owned(), at: at.to_owned(), mounted: false };
        disk.mount()?;
        Ok(disk)
    }

    /// Keeps what is on the disk and nothing of what is on its way there. Writers must be frozen.
    pub fn cut(&self) -> Outcome<()> {
        std::fs::copy(&self.image, self.after()).attempting("copy the disk")?;
        Ok(())
    }

    /// Mounts what [`cut`](Self::cut) kept in the place of what there was. Writers must be gone.
    pub fn come_back(&mut self) -> Outcome<()> {
        self.unmount()?;
        std::fs::rename(self.after(), &self.image)?;
        self.mount()
    }

    fn after(&self) -> PathBuf {
        self.image.with_extension("after")
    }

    fn mount(&mut self) -> Outcome<()> {
        command::read(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.at))?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Outcome<()> {
        command::read(Command::new("umount").arg(&self.at))?;
        self.mounted = false;
        Ok(())
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        if self.mounted {
            // After a failure a writer may still be there: the mount goes once it is.
            let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
        }
    }
}
