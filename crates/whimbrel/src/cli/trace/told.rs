//! A trace as lines, as curl's `-v --trace-time` has them, and as a document.

use std::time::Duration;

use serde_json::{Value, json};
use whimbrel_core::{Span, Timestamp};

use super::super::output::{Color, Out, printable};
use crate::trace::chain::Certificate;
use crate::trace::{Message, Tls, Trace};

/// Columns of the longest bar.
const BAR_MAX: f64 = 12.0;

pub(super) fn told(trace: &Trace, out: &Out) -> String {
    let mut lines = Lines { trace, out, lines: Vec::new() };
    let addresses: Vec<String> = trace.addresses.iter().map(|address| address.ip().to_string()).collect();
    let [dns, tcp, tls, ..] = trace.ends.steps().map(|(_, time)| millis(time));
    lines.step(trace.ends.dns, '*', "dns", &format!("{} -> {}", trace.host, addresses.join(", ")), dns);
    for (address, why) in &trace.unreachable {
        lines.add(trace.ends.tcp, '*', &format!("tcp      {address}: {why}"));
    }
    lines.step(trace.ends.tcp, '*', "tcp", &format!("{} connected, TCP_NODELAY", trace.peer), tcp);
    if let Some(agreed) = &trace.tls {
        lines.handshake(agreed, tls);
    }
    let (method, target) = &trace.request_line;
    lines.add(trace.ends.tls, '>', &format!("{method} {target} {}", trace.version));
    lines.message(trace.ends.tls, '>', &trace.request);
    let first_byte = trace.ends.steps()[3].1;
    lines.step(trace.ends.first_byte, '<', &format!("{} {}", trace.version, trace.status), "", millis(first_byte));
    lines.message(trace.ends.first_byte, '<', &trace.response);
    lines.lines.push(String::new());
    lines.lines.push(bars(trace));
    lines.lines.join("\n")
}

struct Lines<'a> {
    trace: &'a Trace,
    out: &'a Out,
    lines: Vec<String>,
}

impl Lines<'_> {
    fn add(&mut self, at: Duration, mark: char, text: &str) {
        let micros = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
        let clock = clock(self.trace.started_at + Span(micros));
        let mark = match mark {
            '>' => self.out.colored(Color::Yellow, ">"),
            '<' => self.out.colored(Color::Green, "<"),
            other => self.out.colored(Color::Faint, &other.to_string()),
        };
        self.lines.push(format!("{clock} {mark} {}", printable(text)).trim_end().to_owned());
    }

    fn step(&mut self, at: Duration, mark: char, name: &str, text: &str, millis: f64) {
        self.add(at, mark, &format!("{:<72}{millis:>9.1} ms", format!("{name:<8} {text}")));
    }

    fn handshake(&mut self, tls: &Tls, millis: f64) {
        let words = [Some(tls.version.clone()), Some(tls.cipher.clone()), tls.group.clone()];
        let alpn = tls.alpn.as_ref().map(|name| format!("alpn {name}"));
        let words: Vec<String> = words.into_iter().chain([alpn]).flatten().collect();
        let at = self.trace.ends.tls;
        self.step(at, '*', "tls", &words.join("  "), millis);
        for (index, certificate) in tls.chain.iter().enumerate() {
            let name = if index == 0 { "leaf" } else { "issuer" };
            self.add(at, '*', &format!("           {name:<7} {}", certificate_words(certificate)));
        }
        match &tls.root {
            Some(root) => self.add(at, '*', &format!("           root    {}  (trusted: {})", root.subject, root.from)),
            None => self.add(at, '*', "           root    trusted, and not among what was shown"),
        }
    }

    fn message(&mut self, at: Duration, mark: char, message: &Message) {
        for (name, value) in &message.headers {
            self.add(at, mark, &format!("{name}: {value}"));
        }
        match (&message.body, message.body_size) {
            (_, 0) => {}
            (Some(body), _) => self.add(at, mark, body),
            (None, size) => self.add(at, mark, &format!("({size} octets)")),
        }
    }
}

fn certificate_words(certificate: &Certificate) -> String {
    let (from, to) = &certificate.valid;
    let names = match certificate.names.is_empty() {
        true => String::new(),
        false => format!("  for {}", certificate.names.join(", ")),
    };
    format!("{}{names}  {}  {from} to {to}", certificate.subject, certificate.key)
}

/// `client   dns ▏0.4  tcp ▏0.1  tls ████ 1.9  ...`
fn bars(trace: &Trace) -> String {
    let total = trace.ends.total.as_secs_f64().max(f64::MIN_POSITIVE);
    let steps = trace.ends.steps().into_iter().filter(|(name, _)| *name != "tls" || trace.tls.is_some());
    let steps = steps.map(|(name, time)| format!("{name} {} {:.1}", bar(time.as_secs_f64() / total), millis(time)));
    let steps: Vec<String> = steps.collect();
    format!("client   {}   total {:.1} ms", steps.join("  "), millis(trace.ends.total))
}

fn bar(part: f64) -> String {
    // At most the longest bar, so that the cast keeps the value.
    let blocks = (part.clamp(0.0, 1.0) * BAR_MAX).round() as usize;
    if blocks == 0 { "▏".to_owned() } else { "█".repeat(blocks) }
}

fn clock(at: Timestamp) -> String {
    at.to_string().get(11..26).unwrap_or_default().to_owned()
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

pub(super) fn document(trace: &Trace) -> Value {
    let steps = trace.ends.steps().map(|(name, time)| json!({ "step": name, "ms": millis(time) }));
    let headers = |message: &Message| -> Value {
        message.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
    };
    let certificate = |certificate: &Certificate| {
        json!({
            "subject": certificate.subject, "issuer": certificate.issuer, "names": certificate.names,
            "key": certificate.key, "not_before": certificate.valid.0, "not_after": certificate.valid.1,
        })
    };
    let tls = trace.tls.as_ref().map(|tls| {
        json!({
            "version": tls.version, "cipher": tls.cipher, "group": tls.group, "alpn": tls.alpn,
            "chain": tls.chain.iter().map(certificate).collect::<Value>(),
            "root": tls.root.as_ref().map(|root| json!({ "subject": root.subject, "from": root.from })),
        })
    });
    let addresses: Vec<String> = trace.addresses.iter().map(|address| address.ip().to_string()).collect();
    let unreachable =
        trace.unreachable.iter().map(|(address, why)| json!({ "address": address.to_string(), "why": why }));
    json!({
        "started_at": trace.started_at.to_string(),
        "host": trace.host,
        "port": trace.port,
        "addresses": addresses,
        "unreachable": unreachable.collect::<Value>(),
        "peer": trace.peer.to_string(),
        "tls": tls,
        "request": {
            "method": trace.request_line.0, "target": trace.request_line.1, "headers": headers(&trace.request),
            "body": trace.request.body, "body_size": trace.request.body_size,
        },
        "response": {
            "version": trace.version, "status": trace.status, "headers": headers(&trace.response),
            "body": trace.response.body, "body_size": trace.response.body_size,
        },
        "steps": steps,
        "total_ms": millis(trace.ends.total),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!((bar(0.0), bar(0.5).chars().count(), bar(1.0).chars().count()), ("▏".to_owned(), 6, 12));
    }

    #[test]
    fn times_of_day_have_microseconds() {
        assert_eq!(clock(Timestamp(1_795_564_800_000_001)), "00:00:00.000001");
    }
}
