//! A centre whose every octet is read and written by the crate `rusmpp`, for tests of the built gateway.
//!
//! It listens on a free port of loopback, takes orders as JSON lines on its input and tells what happens as JSON lines on
//! its output. The end of its input is its end. What it cannot read it tells as a `fault`, and hangs up: a gateway must
//! not write such a thing. The session is our own, the codec is not; nothing of the product is used here.

mod centre;
mod fields;
mod frame;

use std::error::Error;
use std::io::{self, BufRead};

use rusmpp::Command;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use centre::{Centre, say};

/// What the centre hears of.
enum Happening {
    Order(String),
    OrdersEnded,
    Connected(OwnedWriteHalf, Connection),
    Read(Connection, Box<Command>),
    /// With what could not be read, if that was the reason.
    Ended(Connection, Option<String>),
}

/// The number of a connection, from 1.
type Connection = u64;

/// Happenings that may wait; then input is not read.
const WAITING_MAX: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (sender, mut happenings) = mpsc::channel(WAITING_MAX);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say("listening", &[("port", listener.local_addr()?.port().into())])?;
    let orders = sender.clone();
    std::thread::spawn(move || read_orders(&orders));
    tokio::spawn(accept(listener, sender));
    let mut centre = Centre::default();
    while let Some(happening) = happenings.recv().await {
        match happening {
            Happening::Order(line) => centre.order(&serde_json::from_str(&line)?).await?,
            Happening::OrdersEnded => break,
            Happening::Connected(writer, connection) => centre.connected(connection, writer),
            Happening::Read(connection, command) => centre.read(connection, &command).await?,
            Happening::Ended(connection, fault) => centre.ended(connection, fault)?,
        }
    }
    Ok(())
}

fn read_orders(sender: &mpsc::Sender<Happening>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if sender.blocking_send(Happening::Order(line)).is_err() {
            return;
        }
    }
    // The centre may have ended before; then nobody is left to tell.
    let _ended = sender.blocking_send(Happening::OrdersEnded);
}

async fn accept(listener: TcpListener, sender: mpsc::Sender<Happening>) {
    for connection in 1.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (reader, writer) = TcpStream::into_split(stream);
        if sender.send(Happening::Connected(writer, connection)).await.is_err() {
            return;
        }
        tokio::spawn(read_frames(reader, connection, sender.clone()));
    }
}

async fn read_frames(mut reader: OwnedReadHalf, connection: Connection, sender: mpsc::Sender<Happening>) {
    loop {
        let happening = match frame::read(&mut reader).await {
            Ok(Some(command)) => Happening::Read(connection, Box::new(command)),
            Ok(None) => Happening::Ended(connection, None),
            Err(fault) => Happening::Ended(connection, Some(fault)),
        };
        let is_end = matches!(happening, Happening::Ended(..));
        if sender.send(happening).await.is_err() || is_end {
            return;
        }
    }
}
