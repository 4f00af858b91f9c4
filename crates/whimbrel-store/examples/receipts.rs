//! Sends parts, reports them with ids in every form that carriers use, and prints what became of the receipts.
//!
//! `cargo run -p whimbrel-store --example receipts [COUNT [SEED]]`; 100,000 parts unless told otherwise. Ends with an error if
//! one receipt was matched to another part than its own, or not matched as it should be.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let seed = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let figures = support::field::run(count, seed);
    let mut out = std::io::stdout();
    writeln!(out, "seed {seed}: {} parts, {} receipts", figures.parts, figures.receipts)?;
    writeln!(out, "  found their part at once          {:>8}", figures.matched)?;
    writeln!(out, "  came before the answer, then found {:>7}", figures.early)?;
    writeln!(out, "  came again after the end          {:>8}", figures.repeated)?;
    writeln!(out, "  came again while kept             {:>8}", figures.known)?;
    for (reason, count) in &figures.orphans {
        writeln!(out, "  kept as orphans, {reason:<17}{count:>8}")?;
    }
    writeln!(out, "  wrong                             {:>8}", figures.wrong.len())?;
    for wrong in figures.wrong.iter().take(20) {
        writeln!(out, "    {wrong}")?;
    }
    if figures.wrong.is_empty() { Ok(()) } else { Err("some receipts were not settled as they should be".into()) }
}
