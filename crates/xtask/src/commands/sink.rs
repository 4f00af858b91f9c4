//! `cargo xtask sink`: a fast SMSC as a process of its own, the far end of `bench`.
//!
//! One thread, so that it leaves the machine to the gateway. Asked over HTTP: `GET /counts`, and `GET /mark`, which starts the
//! measured span with the next text.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, LocalSet};

use crate::bench::control;
use crate::bench::frames::PDU_BYTES_MAX;
use crate::bench::smsc::{Link, Smsc, Zero};
use crate::clock::{Started, monotonic_us, unix_seconds};
use crate::failure::Outcome;

/// Where it listens.
#[derive(Args)]
pub struct Options {
    /// Where gateways bind.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where counts are asked.
    #[arg(long, default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// Sends a receipt for each text that asks for one.
    #[arg(long)]
    receipts: bool,
    /// How long after its text a receipt comes.
    #[arg(long, default_value_t = 100)]
    receipt_delay_ms: u64,
    /// A file that gets both addresses as JSON once they are bound.
    #[arg(long)]
    ready_file: PathBuf,
}

type Shared = Rc<RefCell<Smsc>>;

/// Serves until killed, or until its parent is gone.
pub fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(LocalSet::new().block_on(&runtime, serve(options))?)
}

async fn serve(options: &Options) -> std::io::Result<()> {
    let delay_us = options.receipts.then_some(options.receipt_delay_ms * 1000);
    let (clock, zero) = (Started::now(), Zero { unix_seconds: unix_seconds(), monotonic_us: monotonic_us() });
    let smsc = Rc::new(RefCell::new(Smsc::new(delay_us, zero)));
    let smpp = TcpListener::bind(options.listen).await?;
    let http = TcpListener::bind(options.http).await?;
    let (pid, addr, control) = (std::process::id(), smpp.local_addr()?, http.local_addr()?);
    let ready = serde_json::json!({"pid": pid, "addr": addr.to_string(), "http": control.to_string()});
    std::fs::write(&options.ready_file, ready.to_string())?;
    let mut links = JoinSet::new();
    let mut orphaned = pin!(control::orphaned());
    loop {
        tokio::select! {
            accepted = smpp.accept() => {
                let link = link(accepted?.0, smsc.clone(), clock);
                links.spawn_local(async move { drop(link.await) });
            }
            accepted = http.accept() => {
                let (stream, smsc) = (accepted?.0, smsc.clone());
                // A caller that goes away is its own matter.
                links.spawn_local(async move { drop(control::serve(stream, |target| answer(&smsc, target)).await) });
            }
            // Ended links are taken out as they end.
            Some(_) = links.join_next() => {}
            () = &mut orphaned => return Ok(()),
        }
    }
}

fn answer(smsc: &Shared, target: &str) -> String {
    if target == "/mark" {
        smsc.borrow_mut().mark();
    }
    serde_json::to_string(&smsc.borrow().counts()).unwrap_or_default()
}

/// One gateway's link, until it ends.
async fn link(stream: TcpStream, smsc: Shared, clock: Started) -> std::io::Result<()> {
    let mut link = Link::default();
    let ended = speak(stream, &smsc, &mut link, clock).await;
    smsc.borrow_mut().ended(&mut link);
    ended
}

async fn speak(mut stream: TcpStream, smsc: &Shared, link: &mut Link, clock: Started) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0_u8; 4 * PDU_BYTES_MAX];
    let (mut had, mut out) = (0, Vec::with_capacity(64 * 1024));
    loop {
        let now = clock.elapsed_us();
        let due = smsc.borrow_mut().deliver(link, now, &mut out);
        stream.write_all(&out).await?;
        out.clear();
        let read = stream.read(&mut buffer[had..]);
        let count = match due {
            None => read.await?,
            Some(due) => match tokio::time::timeout(Duration::from_micros(due - now), read).await {
                Ok(read) => read?,
                Err(_) => continue,
            },
        };
        if count == 0 {
            return Ok(());
        }
        had += count;
        let taken = smsc.borrow_mut().take(link, &buffer[..had], clock.elapsed_us(), &mut out);
        let used = taken.map_err(|()| std::io::ErrorKind::InvalidData)?;
        buffer.copy_within(used..had, 0);
        had -= used;
    }
}
