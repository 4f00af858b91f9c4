//! `cargo xtask bare`: a server that reads a whole request and answers that a text was taken, and does nothing else.
//!
//! It stands on what ours stands on (tokio with a worker for each core, hyper), so its row is what that and the loader can do at most.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::bench::control;
use crate::failure::Outcome;

/// Where it listens.
#[derive(Args)]
pub struct Options {
    /// Where requests come.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A file that gets the address as JSON once it is bound.
    #[arg(long)]
    ready_file: PathBuf,
}

/// As long as an answer of ours to a text of one part.
const ANSWER: &str = r#"{"message-count":"1","messages":[{"to":"4477009000000","message-id":"0A0000000123ABCD1","status":"0","remaining-balance":"999999.96670000","message-price":"0.03330000","network":"23410"}]}"#;

/// Serves until killed, or until its parent is gone.
pub fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(serve(options))?)
}

async fn serve(options: &Options) -> std::io::Result<()> {
    let listener = TcpListener::bind(options.listen).await?;
    let ready = serde_json::json!({"pid": std::process::id(), "http": listener.local_addr()?.to_string()});
    std::fs::write(&options.ready_file, ready.to_string())?;
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away is its own matter.
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    control::orphaned().await;
    accepting.abort();
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off ends the connection by itself.
    drop(request.into_body().collect().await);
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    Ok(response)
}
