//! Addresses as a carrier wants and gives them (SMPP 3.4 §5.2.5 to §5.2.9). Pure.
//!
//! We think in digits with the country first; carriers want them with a plus, with two zeros or as they are dialled at home.
//! What is written in one of these forms is read back from it, so that a receipt names the recipient that we sent to.

use whimbrel_core::{PhoneNumber, SenderId};
use whimbrel_smpp::Address;

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

/// How addresses are labelled and written. The default is what most carriers expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressForms {
    /// A sender that is a name: 5/0.
    pub sender_name: TonNpi,
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
            sender_number: TonNpi::INTERNATIONAL,
            sender_short_code: TonNpi { ton: 3, npi: 0 },
            recipient: TonNpi::INTERNATIONAL,
            sender_number_form: NumberForm::Plain,
            recipient_form: NumberForm::Plain,
        }
    }
}

/// A sender that cannot be written: which alphabet a centre reads addresses in is not agreed anywhere, except that ASCII is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAscii;

impl AddressForms {
    /// The sender as the carrier wants it.
    pub(super) fn source(&self, sender: &SenderId) -> Result<Address, NotAscii> {
        match sender {
            SenderId::Number(number) => Ok(self.sender_number_form.address(self.sender_number, number)),
            SenderId::ShortCode(code) => Ok(address(self.sender_short_code, code)),
            SenderId::Name(name) if name.is_ascii() => Ok(address(self.sender_name, name)),
            SenderId::Name(_) => Err(NotAscii),
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
            None => SenderId::Name(lossy(&address.digits)),
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
