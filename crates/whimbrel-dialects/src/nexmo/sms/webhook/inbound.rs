//! A text that came in. Parts of a long text are pushed one by one, never joined: the customer's side joins them.

use whimbrel_core::{InboundAlphabet, InboundContent, InboundTold, Timestamp};
use whimbrel_sms::{Concat, ConcatRef};

use super::{Params, message_timestamp};
use crate::WebhookTarget;

/// The parameters in the order of a captured push; `data` and `udh` stand where a text would. There is no `timestamp`: captured
/// pushes of accounts that do not sign have none.
pub(super) fn inbound<'a>(told: &'a InboundTold, target: WebhookTarget<'a>, now: Timestamp) -> Params<'a> {
    let mut params = Params::new();
    params.push("msisdn", told.part.sender.as_str());
    params.push("to", &*told.part.number);
    params.push_id(told.id.0);
    if let Some(concat) = told.part.concat {
        push_concat(&mut params, concat);
    }
    match &told.part.content {
        InboundContent::Text { text, alphabet } => {
            let text = text.expose();
            // PHP's library takes a push without a text for a receipt.
            params.push_even_blank("text", text);
            params.push("type", text_type(*alphabet));
            params.push("keyword", keyword(text));
        }
        InboundContent::Binary(octets) => {
            params.push("data", hex(octets.expose()));
            params.push("udh", hex(&told.part.header));
            params.push("type", "binary");
        }
    }
    params.push("api-key", &*target.account.key);
    params.push("message-timestamp", message_timestamp(now));
    params
}

fn push_concat(params: &mut Params<'_>, concat: Concat) {
    let reference = match concat.reference() {
        ConcatRef::Octet(reference) => u16::from(reference),
        ConcatRef::Word(reference) => reference,
    };
    params.push("concat", "true");
    params.push("concat-ref", reference.to_string());
    params.push("concat-total", concat.total().value().to_string());
    params.push("concat-part", concat.sequence().value().to_string());
}

const fn text_type(alphabet: InboundAlphabet) -> &'static str {
    match alphabet {
        InboundAlphabet::Gsm7 => "text",
        InboundAlphabet::Ucs2 => "unicode",
    }
}

/// The first word in capitals, with its punctuation; empty for a text that has no word.
fn keyword(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_uppercase()
}

fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 0xf)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_the_first_word_in_capitals() {
        let cases = [
            ("Sim senhor patrão ", "SIM"),
            ("test! again", "TEST!"),
            ("  stop", "STOP"),
            ("join\nnow", "JOIN"),
            ("a\u{a0}b", "A"),
            ("straße 1", "STRASSE"),
            ("ёж", "ЁЖ"),
            ("停止 ", "停止"),
            ("42", "42"),
            (" \t\r\n", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(keyword(text), expected, "{text:?}");
        }
    }

    #[test]
    fn octets_have_two_capital_digits_each() {
        assert_eq!(hex(&[0x00, 0x0a, 0xa0, 0xff]), "000AA0FF");
        assert_eq!(hex(&[]), "");
    }
}
