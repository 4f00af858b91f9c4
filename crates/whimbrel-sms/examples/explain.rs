//! Prints why a text counts what it counts: `cargo run -p whimbrel-sms --example explain -- "Say “hi”"`.

use std::error::Error;
use std::io::Write;

use whimbrel_sms::explain::{Characters, Explanation, explain};
use whimbrel_sms::{EncodingChoice, Language, RefWidth, national};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() {
        return Err("nothing to explain; give a text as the argument".into());
    }
    let text = words.join(" ");
    let mut out = std::io::stdout().lock();
    print(&mut out, &text, &explain(&text, EncodingChoice::Detect, RefWidth::Bits8))?;
    Ok(())
}

fn print(out: &mut impl Write, text: &str, explained: &Explanation) -> std::io::Result<()> {
    let Explanation { encoding, units, part_units_max, part_count, units_left, .. } = explained;
    writeln!(out, "{encoding}: {units} units, {part_count} parts of {part_units_max}, {units_left} left in the last")?;
    print_characters(out, "outside GSM 7-bit", &explained.outside)?;
    print_characters(out, "counts twice", &explained.pairs)?;
    let after = explained.transliterated;
    writeln!(out, "transliterated: {} units of {}, {} parts", after.units, after.encoding, after.part_count)?;
    match national::best(text, &Language::ALL, RefWidth::Bits8) {
        Some(best) if !best.tables.is_default() => {
            let name = |language: Option<Language>| language.map_or("default", Language::name);
            let (locking, single) = (best.tables.locking_language(), best.tables.single_language());
            let (locking, single) = (name(locking), name(single));
            writeln!(out, "tables: locking {locking}, single {single}: {} parts of GSM 7-bit", best.count.part_count)?;
        }
        Some(_) => {}
        None => writeln!(out, "tables: no language makes it GSM 7-bit")?,
    }
    for (number, part) in (1..).zip(&explained.parts) {
        writeln!(out, "part {number}, bytes {} to {}: {:?}", part.start, part.end, &text[part.clone()])?;
    }
    Ok(())
}

fn print_characters(out: &mut impl Write, title: &str, characters: &Characters) -> std::io::Result<()> {
    for found in &characters.distinct {
        let (code_point, character) = (found.code_point(), found.character);
        let (count, index) = (found.count, found.char_index);
        writeln!(out, "{title}: {code_point} {character:?}, {count} times, first at character {index}")?;
    }
    if characters.is_cut {
        writeln!(out, "{title}: and others, {} characters altogether", characters.count)?;
    }
    Ok(())
}
