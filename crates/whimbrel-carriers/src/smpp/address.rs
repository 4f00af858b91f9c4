//! Addresses as a carrier wants and gives them (SMPP 3.4 §5.2.5 to §5.2.9). Pure.
//!
//! We think in digits with the country first; carriers want them with a plus, with two zeros or as they are dialled at home.
//! What is written in one of these forms is read back from it, so that a receipt names the recipient that we sent to.

use whimbrel_core::{PhoneNumber, SenderId};
use whimbrel_smpp::Address;
use whimbrel_sms::gsm7;

/// Type of number: a name.
const TON_NAME: u8 = 5;
/// Type of number: as dialled within the country.
const TON_NATIONAL: u8 = 2;

/// Type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonNpi {
    /// Type of number: 0 unknown, 1 international, 2 national, 3 network specific, 5 alphanumeric, 6 abbreviated.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 ISDN.
    pub npi: u8,
}

impl TonNpi {
    /// International, ISDN: 1/1.
    pub const INTERNATIONAL: Self = Self { ton: 1, npi: 1 };
}

/// How the digits of an international number are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NumberForm {
    /// Country code first, nothing before it: `447700900123`. The usual one.
    #[default]
    Plain,
    /// With a plus: `+447700900123`.
    Plus,
    /// With two zeros: `00447700900123`.
    DoubleZero,
    /// Numbers of one country as they are dialled there: `07700900123`. Others, which the carrier hardly takes, are written
    /// plainly and labelled 1/1.
    National {
        /// The country code that is dropped: `44`.
        country: Box<str>,
        /// What is put in its place: `0`, or nothing.
        trunk: Box<str>,
    },
}

/// What the octets of a name mean. SMPP does not say; ASCII is what most centres expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameAlphabet {
    /// ASCII.
    #[default]
    Ascii,
    /// GSM 7-bit, one septet an octet (3GPP TS 23.038 §6.2.1). It has no `@` here: its octet is the NUL that ends an address.
    Gsm7,
}

impl NameAlphabet {
    fn octets(self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ascii => name.is_ascii().then(|| name.into()),
            Self::Gsm7 => gsm7::encode(name).ok().filter(|octets| !octets.contains(&0)),
        }
    }

    fn text(self, octets: &[u8]) -> Box<str> {
        match self {
            Self::Ascii => lossy(octets),
            Self::Gsm7 => gsm7::decode(octets).into(),
        }
    }
}

/// How addresses are labelled and written. The default is what most carriers expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressForms {
    /// A sender that is a name: 5/0.
    pub sender_name: TonNpi,
    /// What a sender that is a name is written in.
    pub sender_name_alphabet: NameAlphabet,
    /// A sender that is an international number: 1/1.
    pub sender_number: TonNpi,
    /// A sender that is a short code: 3/0; some carriers want 0/1 or 6/0.
    pub sender_short_code: TonNpi,
    /// The recipient: 1/1.
    pub recipient: TonNpi,
    /// How the digits of a sender that is an international number are written.
    pub sender_number_form: NumberForm,
    /// How the digits of the recipient are written.
    pub recipient_form: NumberForm,
}

impl Default for AddressForms {
    fn default() -> Self {
        Self {
            sender_name: TonNpi { ton: TON_NAME, npi: 0 },
            sender_name_alphabet: NameAlphabet::Ascii,
            sender_number: TonNpi::INTERNATIONAL,
            sender_short_code: TonNpi { ton: 3, npi: 0 },
            recipient: TonNpi::INTERNATIONAL,
            sender_number_form: NumberForm::Plain,
            recipient_form: NumberForm::Plain,
        }
    }
}

/// A sender that the carrier's alphabet for names does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotWritable;

impl AddressForms {
    /// The sender as the carrier wants it.
    pub(super) fn source(&self, sender: &SenderId) -> Result<Address, NotWritable> {
        match sender {
            SenderId::Number(number) => Ok(self.sender_number_form.address(self.sender_number, number)),
            SenderId::ShortCode(code) => Ok(address(self.sender_short_code, code)),
            SenderId::Name(name) => {
                let TonNpi { ton, npi } = self.sender_name;
                let digits = self.sender_name_alphabet.octets(name).ok_or(NotWritable)?;
                Ok(Address { ton, npi, digits })
            }
        }
    }

    /// The recipient as the carrier wants it.
    pub(super) fn destination(&self, recipient: &PhoneNumber) -> Address {
        self.recipient_form.address(self.recipient, recipient)
    }

    /// The digits of a number as the carrier gives it, country first; empty if it is not a number.
    pub(super) fn digits(&self, address: &Address) -> Box<str> {
        self.recipient_form.read(address).unwrap_or_default()
    }

    /// Who sent an inbound text.
    pub(super) fn sender(&self, address: &Address) -> SenderId {
        let is_name = address.ton == TON_NAME;
        let digits = self.recipient_form.read(address).filter(|_| !is_name);
        match digits {
            Some(digits) => match PhoneNumber::from_digits(&digits) {
                Ok(number) => SenderId::Number(number),
                Err(_) if digits.len() <= 6 => SenderId::ShortCode(digits),
                Err(_) => SenderId::Name(digits),
            },
            None => SenderId::Name(self.sender_name_alphabet.text(&address.digits)),
        }
    }

    /// To which number of ours an inbound text was sent; as it stands if it is none.
    pub(super) fn number(&self, address: &Address) -> Box<str> {
        // A carrier that takes numbers as they are dialled at home gives them so too, whatever form we write as sender.
        let form = match address.ton {
            TON_NATIONAL => &self.recipient_form,
            _ => &self.sender_number_form,
        };
        form.read(address).unwrap_or_else(|| lossy(&address.digits))
    }
}

impl NumberForm {
    fn address(&self, label: TonNpi, number: &PhoneNumber) -> Address {
        let digits = number.digits();
        match self {
            Self::Plain => address(label, digits),
            Self::Plus => address(label, &format!("+{digits}")),
            Self::DoubleZero => address(label, &format!("00{digits}")),
            Self::National { country, trunk } => match digits.strip_prefix(&**country) {
                Some(rest) if !rest.is_empty() => address(label, &format!("{trunk}{rest}")),
                Some(_) | None => address(TonNpi::INTERNATIONAL, digits),
            },
        }
    }

    /// The digits, country first; `None` if they are none.
    fn read(&self, address: &Address) -> Option<Box<str>> {
        let text = std::str::from_utf8(&address.digits).ok()?.trim_matches(|c: char| c == ' ' || c == '\0');
        let international = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
        let digits = international.unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        if let (Self::National { country, trunk }, None) = (self, international) {
            // No country code begins with 0. Other trunk prefixes may be the beginning of a foreign number, which is labelled so.
            let may_be_trunk = address.ton != TonNpi::INTERNATIONAL.ton || trunk.starts_with('0');
            let is_national =
                address.ton == TON_NATIONAL || may_be_trunk && !trunk.is_empty() && digits.starts_with(&**trunk);
            // A short code is dialled as it is.
            if is_national && digits.len() > 6 {
                let rest = digits.strip_prefix(&**trunk).unwrap_or(digits);
                return Some(format!("{country}{rest}").into());
            }
        }
        Some(digits.into())
    }
}

fn address(label: TonNpi, text: &str) -> Address {
    Address { ton: label.ton, npi: label.npi, digits: text.as_bytes().to_vec() }
}

fn lossy(octets: &[u8]) -> Box<str> {
    String::from_utf8_lossy(octets).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn british(trunk: &str) -> NumberForm {
        NumberForm::National { country: "44".into(), trunk: trunk.into() }
    }

    fn forms(recipient_form: NumberForm) -> AddressForms {
        let national = TonNpi { ton: 2, npi: 1 };
        let recipient =
            if matches!(recipient_form, NumberForm::National { .. }) { national } else { TonNpi::INTERNATIONAL };
        AddressForms { recipient, recipient_form, ..AddressForms::default() }
    }

    #[test]
    fn recipients_are_written_in_each_form_and_read_back() {
        let table = [
            (NumberForm::Plain, "447700900123", "1/1 447700900123"),
            (NumberForm::Plus, "447700900123", "1/1 +447700900123"),
            (NumberForm::DoubleZero, "447700900123", "1/1 00447700900123"),
            (british("0"), "447700900123", "2/1 07700900123"),
            (british(""), "447700900123", "2/1 7700900123"),
            (british("0"), "12025550100", "1/1 12025550100"),
        ];
        for (form, number, wanted) in table {
            let forms = forms(form);
            let written = forms.destination(&PhoneNumber::parse(number).expect("a number"));
            let digits = std::str::from_utf8(&written.digits).expect("ASCII");
            assert_eq!(format!("{}/{} {digits}", written.ton, written.npi), wanted);
            assert_eq!(&*forms.digits(&written), number, "{wanted}");
        }
    }

    #[test]
    fn names_are_written_in_the_carriers_alphabet() {
        let forms = |sender_name_alphabet| AddressForms { sender_name_alphabet, ..AddressForms::default() };
        let octets = |alphabet, name: &str| {
            forms(alphabet).source(&SenderId::Name(name.into())).ok().map(|address| address.digits)
        };
        assert_eq!(octets(NameAlphabet::Ascii, "Acme_1"), Some(b"Acme_1".to_vec()));
        assert_eq!(octets(NameAlphabet::Ascii, "Café"), None);
        assert_eq!(octets(NameAlphabet::Gsm7, "Café_1"), Some(b"Caf\x05\x111".to_vec()));
        // The commercial at is the octet that ends an address; Cyrillic is not in the alphabet.
        assert_eq!((octets(NameAlphabet::Gsm7, "a@b"), octets(NameAlphabet::Gsm7, "Привет")), (None, None));
        let name = Address { ton: 5, npi: 0, digits: b"Caf\x05\x111".to_vec() };
        assert_eq!(forms(NameAlphabet::Gsm7).sender(&name), SenderId::Name("Café_1".into()));
    }

    #[test]
    fn a_receipt_names_its_recipient_in_any_form() {
        let plain = forms(NumberForm::Plain);
        let with = |digits: &[u8]| Address { ton: 1, npi: 1, digits: digits.to_vec() };
        for text in ["447700900123", "+447700900123", "00447700900123", " 447700900123\0"] {
            assert_eq!(&*plain.digits(&with(text.as_bytes())), "447700900123");
        }
        for text in [&b"Acme"[..], b"", b"+", b"\xFF1"] {
            assert_eq!(&*plain.digits(&with(text)), "");
        }
    }

    #[test]
    fn inbound_senders_fall_into_three_kinds_and_numbers_of_ours_are_digits() {
        let forms = forms(british("0"));
        let from = |ton, digits: &[u8]| forms.sender(&Address { ton, npi: 1, digits: digits.to_vec() });
        let number = |text| SenderId::Number(PhoneNumber::parse(text).expect("a number"));
        assert_eq!(from(1, b"447700900123"), number("447700900123"));
        assert_eq!(from(1, b"+447700900123"), number("447700900123"));
        assert_eq!(from(2, b"07700900123"), number("447700900123"));
        assert_eq!(from(3, b"12345"), SenderId::ShortCode("12345".into()));
        assert_eq!(from(5, b"12345678"), SenderId::Name("12345678".into()));
        assert_eq!(from(5, b"Acme"), SenderId::Name("Acme".into()));
        assert_eq!(from(0, b"\xE9"), SenderId::Name("\u{FFFD}".into()));
        let to = |digits: &[u8]| forms.number(&Address { ton: 1, npi: 1, digits: digits.to_vec() });
        assert_eq!((&*to(b"+447700900000"), &*to(b"12345"), &*to(b"Acme")), ("447700900000", "12345", "Acme"));
    }
}
