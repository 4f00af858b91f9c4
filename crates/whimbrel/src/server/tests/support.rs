//! A server of one test and a client that sees bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use whimbrel_dialects::http::HttpResponse;

use crate::server::{Bound, Drained, Handler, HttpLimits, IncomingRequest, Trigger, serve, shutdown};

pub(super) struct TestServer {
    pub(super) addr: SocketAddr,
    pub(super) trigger: Trigger,
    pub(super) task: JoinHandle<Drained>,
}

impl TestServer {
    pub(super) fn start(handler: impl Handler, limits: HttpLimits, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let bound = Bound::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = bound.addr();
        let (trigger, stop) = shutdown();
        let task = tokio::spawn(serve(bound, tls, Arc::new(handler), limits, stop));
        Self { addr, trigger, task }
    }

    pub(super) fn echo(limits: HttpLimits) -> Self {
        Self::start(echo, limits, None)
    }

    pub(super) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.addr).await.unwrap())
    }

    /// Sends `request` on a connection of its own and returns all that comes until the end.
    pub(super) async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    pub(super) async fn stop(self) -> Drained {
        self.trigger.stop();
        self.task.await.unwrap()
    }
}

/// Says what was asked: method, target, size of the body.
pub(super) async fn echo(request: IncomingRequest) -> HttpResponse {
    let body = format!("{} {} {}\n", request.method(), request.path(), request.body().len());
    HttpResponse {
        status: 200,
        headers: vec![("Content-Type", "text/plain".into()), ("Connection", "keep-alive".into())],
        body: body.into_bytes(),
    }
}

pub(super) struct Client(pub(super) TcpStream);

impl Client {
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads until `end` has come.
    pub(super) async fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            let octet = self.0.read_u8().await;
            text.push(octet.unwrap_or_else(|_| panic!("ended after {:?}", String::from_utf8_lossy(&text))));
        }
        String::from_utf8(text).unwrap()
    }

    /// Reads all that comes until the connection ends.
    pub(super) async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        self.0.read_to_end(&mut text).await.unwrap();
        String::from_utf8(text).unwrap()
    }
}
