//! `whimbrel number pool`: numbers for sale.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{PoolAddArgs, PoolCommand, ServerArgs};
use super::client::{Server, segment, with_query};
use super::output::{Out, field};
use super::{Exit, Failure};

/// The first line of a table.
const HEADER: &str = "number,country,kind,features,monthly,purchase,currency";
/// Numbers in one request.
const NUMBERS_PER_CALL: usize = 1_000;
/// Octets of a table.
const TABLE_BYTES_MAX: u64 = 64 << 20;

pub(super) async fn pool(command: PoolCommand, out: &Out) -> Result<(), Failure> {
    match command {
        PoolCommand::Ls { server } => list(&server, out).await,
        PoolCommand::Add(args) => add(&args, out).await,
        PoolCommand::Rm { number, consent, server } => {
            let number = segment(&number, "number")?;
            out.consent(consent, &format!("Take {number} out of the pool"))?;
            let answer = Server::find(&server)?.api("DELETE", &format!("pool/{number}"), None).await?;
            out.document("pool-change", &answer, || format!("{number} is not for sale any more"));
            Ok(())
        }
    }
}

async fn list(server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    const NAMES: [&str; 8] = ["number", "country", "kind", "features", "monthly", "purchase", "currency", "account"];
    let server = Server::find(server)?;
    let mut numbers: Vec<Value> = Vec::new();
    loop {
        let after = numbers.last().and_then(|number| number["number"].as_str()).map(str::to_owned);
        let page = server.api("GET", &with_query("pool", &[("after", after.as_deref())]), None).await?;
        let before = numbers.len();
        numbers.extend(page["numbers"].as_array().into_iter().flatten().cloned());
        if page["more"] != true || numbers.len() == before {
            break;
        }
    }
    out.document("pool", &json!({ "numbers": numbers }), || {
        let rows: Vec<_> = numbers.iter().map(|number| NAMES.map(|name| field(number, name)).to_vec()).collect();
        out.table(&NAMES.map(str::to_uppercase).each_ref().map(String::as_str), &rows)
    });
    Ok(())
}

async fn add(args: &PoolAddArgs, out: &Out) -> Result<(), Failure> {
    let numbers = match &args.file {
        Some(path) => table(&read(path)?)?,
        None => vec![json!({
            "number": args.number,
            "country": args.country,
            "kind": args.kind,
            "features": args.features,
            "monthly": args.monthly,
            "purchase": args.purchase,
            "currency": args.currency,
        })],
    };
    let server = Server::find(&args.server)?;
    let mut done = 0;
    for some in numbers.chunks(NUMBERS_PER_CALL) {
        if let Err(mut failure) = server.api("POST", "pool", Some(&json!({ "numbers": some }))).await {
            if done > 0 {
                failure.exit = Exit::Partial;
                out.hint(&format!("the first {done} numbers were taken"));
            }
            return Err(failure);
        }
        done += some.len();
    }
    out.document("pool-change", &json!({ "numbers": done }), || format!("{done} in the pool"));
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().take(TABLE_BYTES_MAX).read_to_string(&mut text),
        false => File::open(path).and_then(|file| file.take(TABLE_BYTES_MAX).read_to_string(&mut text)),
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::from_error(Exit::Usage, &format!("cannot read {}", path.display()), &error)),
    }
}

/// The numbers of a table, as the native API takes them. `#` starts a comment line; no value holds a comma.
fn table(text: &str) -> Result<Vec<Value>, Failure> {
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    let mut lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let wrong = |number: usize, what: &str| Failure::new(Exit::Usage, format!("line {number}: {what}"));
    match lines.next() {
        Some((HEADER, _)) => {}
        Some((_, number)) => return Err(wrong(number, &format!("the first line must be `{HEADER}`"))),
        None => return Err(wrong(1, &format!("empty: the first line must be `{HEADER}`"))),
    }
    lines
        .map(|(line, number)| {
            let columns: Vec<&str> = line.split(',').map(str::trim).collect();
            let [msisdn, country, kind, features, monthly, purchase, currency] = columns.as_slice() else {
                return Err(wrong(number, &format!("{} columns instead of 7 (`{HEADER}`)", columns.len())));
            };
            Ok(json!({
                "number": msisdn,
                "country": country,
                "kind": kind,
                "features": features.replace('+', ","),
                "monthly": monthly,
                "purchase": (!purchase.is_empty()).then_some(*purchase),
                "currency": currency,
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_what_the_api_takes() {
        let text = format!("# ours\n{HEADER}\n\n447700900901, GB, mobile, SMS+VOICE, 1.25, , EUR\n");
        let numbers = table(&text).expect("a good table");
        let expected = json!({
            "number": "447700900901", "country": "GB", "kind": "mobile", "features": "SMS,VOICE", "monthly": "1.25",
            "purchase": null, "currency": "EUR",
        });
        assert_eq!(numbers, [expected]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, expected) in [
            (String::new(), "line 1: empty"),
            ("number,country\n".to_owned(), "line 1: the first line must be"),
            (format!("{HEADER}\n# x\n447700900901,GB\n"), "line 3: 2 columns instead of 7"),
        ] {
            let failure = table(&text).expect_err("a bad table");
            assert!(format!("{failure:?}").contains(expected), "{failure:?}");
        }
    }
}
