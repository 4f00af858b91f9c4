//! `cargo xtask load`: so many callers, each of which sends its next text when the last was answered.
//!
//! A closed loop: the rate is what the gateway gives. One thread; answers are read by the same code as in the harnesses. A text
//! counts as accepted when its body says status "0". The result is one line of JSON.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use clap::Args;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::Started;
use crate::failure::{Attempted as _, Failure, Outcome};
use crate::harness::account::{Account, send_request};
use crate::harness::answer::{Progress, read};
use crate::harness::callers::histogram;

/// Whom to load, how much.
#[derive(Args, Clone)]
pub struct Options {
    /// The gateway's HTTP address.
    #[arg(long)]
    pub host: SocketAddr,
    /// The account's key.
    #[arg(long)]
    pub key: String,
    /// The account's secret.
    #[arg(long)]
    pub secret: String,
    /// Callers at the same time.
    #[arg(long, default_value_t = 64)]
    pub callers: u32,
    /// Texts in all.
    #[arg(long, default_value_t = 20_000)]
    pub count: u64,
    /// The first recipient; the others follow.
    #[arg(long, default_value_t = crate::harness::books::FIRST_RECIPIENT)]
    pub first: u64,
    /// What is sent.
    #[arg(long, default_value = "Your code is 123456. Do not share it with anybody at all.")]
    pub text: String,
}

/// The tally of one run.
#[derive(Debug)]
struct Tally {
    next: u64,
    end: u64,
    accepted: u64,
    refused: u64,
    broken: u64,
    latency: Histogram<u64>,
}

/// Loads, then prints the tally.
pub fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tally = Tally {
        next: options.first,
        end: options.first + options.count,
        accepted: 0,
        refused: 0,
        broken: 0,
        latency: histogram(),
    };
    let tally = Rc::new(RefCell::new(tally));
    let started = Started::now();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut callers = JoinSet::new();
        for _ in 0..options.callers {
            callers.spawn_local(call(options.clone(), tally.clone()));
        }
        while let Some(ended) = callers.join_next().await {
            ended.attempting("run a caller")??;
        }
        Ok::<(), Failure>(())
    })?;
    print(&tally.borrow(), options.callers, started.elapsed().as_secs_f64());
    Ok(())
}

async fn call(options: Options, tally: Rc<RefCell<Tally>>) -> Outcome<()> {
    let account = Account { key: options.key, secret: options.secret };
    let mut stream = TcpStream::connect(options.host).await.attempting(format_args!("connect to {}", options.host))?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        let to = {
            let mut tally = tally.borrow_mut();
            if tally.next == tally.end {
                return Ok(());
            }
            tally.next += 1;
            tally.next - 1
        };
        let request = send_request(&account.form(to, &options.text)).bytes(options.host);
        let started = Started::now();
        let accepted = exchange(&mut stream, &request, &mut buffer).await;
        let mut tally = tally.borrow_mut();
        match accepted {
            Ok(accepted) => {
                tally.latency.saturating_record(started.elapsed_us());
                if accepted { tally.accepted += 1 } else { tally.refused += 1 }
            }
            Err(failure) => {
                // One broken connection spoils the run: say so, and let the others go on.
                tally.broken += 1;
                println!("a caller lost its connection: {failure}");
                return Ok(());
            }
        }
    }
}

/// Sends one request and reads its answer; whether the text was accepted.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Outcome<bool> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(Failure::new("the gateway closed the connection"));
        }
        match read(buffer) {
            Progress::More => {}
            // Parsing JSON would cost more than the gateway; the answer's form is fixed and tested elsewhere.
            Progress::Done(answer, _) => {
                return Ok(answer.body.windows(13).any(|window| window == b"\"status\": \"0\""));
            }
            Progress::Broken(why) => return Err(Failure::new(why)),
        }
    }
}

fn print(tally: &Tally, callers: u32, seconds: f64) {
    let quantile = |at: f64| tally.latency.value_at_quantile(at);
    println!(
        "{{\"callers\":{callers},\"accepted\":{},\"refused\":{},\"broken\":{},\"seconds\":{seconds:.3},\"rate\":{:.1},\"p50_us\":{},\"p99_us\":{},\"p999_us\":{},\"max_us\":{}}}",
        tally.accepted,
        tally.refused,
        tally.broken,
        tally.accepted as f64 / seconds,
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        tally.latency.max(),
    );
}
