//! Five fields.

use whimbrel_signing::seven::{self, Headers, Nonce, Received, Request, Stamp, WINDOW_REQUESTS};
use whimbrel_signing::{Secret, UnixSeconds};

use crate::{Answer, Job};

pub fn sign(job: &Job<'_>) -> Answer {
    let nonce = Nonce::new(job.text("nonce")).map_err(|fault| fault.to_string())?;
    let stamp = Stamp { timestamp: UnixSeconds(job.number("timestamp")), nonce };
    let request = Request { method: job.text("method"), url: job.text("url"), body: job.text("body").as_bytes() };
    Ok(seven::sign(&request, stamp, Secret::new(job.text("key"))).into_string().into())
}

pub fn verify(job: &Job<'_>) -> Answer {
    let (timestamp, base) = (job.text("timestamp"), job.text("base"));
    let received = Received {
        method: job.text("method"),
        bases: &["https://sms.example.com", base],
        path_and_query: job.text("path_and_query"),
        body: job.text("body").as_bytes(),
    };
    let headers =
        Headers { timestamp: Some(timestamp), nonce: job.optional("nonce"), signature: job.optional("signature") };
    let now = UnixSeconds(job.number("now"));
    let verified = seven::verify(&received, &headers, Secret::new(job.text("key")), WINDOW_REQUESTS, now);
    verified.map(|verified| verified.base.into()).map_err(|fault| fault.to_string())
}
