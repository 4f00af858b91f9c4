//! How a text falls into parts, and why: `POST segments`, and a part of each message that is shown.

use std::borrow::Cow;

use serde_json::{Value, json};
use whimbrel_core::Alphabet;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_sms::{EncodingChoice, Explanation, RefWidth, explain, transliterate};

use super::document;
use super::json::{Fields, bad};
use crate::server::IncomingRequest;

/// Characters of a text that is explained.
const TEXT_CHARS_MAX: usize = 40_000;

/// `POST segments`: explains a text without sending it.
pub(super) fn explain_text(request: &IncomingRequest) -> HttpResponse {
    let read = || {
        let mut fields = Fields::read(request.body(), &["text", "alphabet", "reference"])?;
        let text = fields.text("text")?.ok_or_else(|| bad("`text` is missing"))?;
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(bad("`text` must have at most 40000 characters"));
        }
        let alphabet =
            fields.word("alphabet", alphabet, "gsm7, ucs2, gsm7-transliterated, detect, detect-transliterated")?;
        let width = fields.word("reference", width, "8, 16")?;
        Ok((text, alphabet.unwrap_or(Alphabet::Detect), width.unwrap_or(RefWidth::Bits8)))
    };
    match read() {
        Ok((text, alphabet, width)) => document(200, &shown(&text, alphabet, width)),
        Err(refused) => refused,
    }
}

fn alphabet(word: &str) -> Option<Alphabet> {
    Some(match word {
        "gsm7" => Alphabet::Gsm7Lossy,
        "ucs2" => Alphabet::Ucs2,
        "gsm7-transliterated" => Alphabet::Gsm7Transliterated,
        "detect" => Alphabet::Detect,
        "detect-transliterated" => Alphabet::DetectTransliterated,
        _ => return None,
    })
}

fn width(word: &str) -> Option<RefWidth> {
    match word {
        "8" => Some(RefWidth::Bits8),
        "16" => Some(RefWidth::Bits16),
        _ => None,
    }
}

/// The explanation of a text as it is sent with that alphabet.
pub(super) fn shown(text: &str, alphabet: Alphabet, width: RefWidth) -> Value {
    value(&explained(text, alphabet, width).1)
}

/// A text as it is sent with that alphabet, and its explanation.
pub(crate) fn explained(text: &str, alphabet: Alphabet, width: RefWidth) -> (Cow<'_, str>, Explanation) {
    let (sent, choice) = match alphabet {
        Alphabet::Gsm7Lossy => (text.into(), EncodingChoice::Gsm7),
        Alphabet::Ucs2 => (text.into(), EncodingChoice::Ucs2),
        Alphabet::Detect => (text.into(), EncodingChoice::Detect),
        Alphabet::Gsm7Transliterated => (transliterate(text), EncodingChoice::Gsm7),
        Alphabet::DetectTransliterated => match whimbrel_sms::transliterate_to_fit(text) {
            Some(sent) => (sent, EncodingChoice::Gsm7),
            None => (text.into(), EncodingChoice::Ucs2),
        },
    };
    let explanation = explain(&sent, choice, width);
    (sent, explanation)
}

fn value(explanation: &Explanation) -> Value {
    let characters = |found: &whimbrel_sms::explain::Characters| -> Vec<Value> {
        let shown = found.distinct.iter().map(|occurrences| {
            json!({
                "character": occurrences.character.to_string(),
                "code_point": occurrences.code_point(),
                "count": occurrences.count,
                "index": occurrences.char_index,
            })
        });
        shown.collect()
    };
    json!({
        "encoding": explanation.encoding.to_string(),
        "units": explanation.units,
        "units_per_part": explanation.part_units_max,
        "parts": explanation.part_count,
        "units_left": explanation.units_left,
        "outside_gsm7": characters(&explanation.outside),
        "two_septets": characters(&explanation.pairs),
        "transliterated": {
            "encoding": explanation.transliterated.encoding.to_string(),
            "units": explanation.transliterated.units,
            "parts": explanation.transliterated.part_count,
        },
        "part_bytes": explanation.parts.iter().map(|part| json!([part.start, part.end])).collect::<Vec<_>>(),
    })
}
