//! Octets and what they say, by the tables of 3GPP TS 23.038 §4 and SMPP 3.4 §5.2.19.

use super::*;

#[track_caller]
fn check(octets: impl IntoIterator<Item = u8>, alphabet: Alphabet, class: Option<HandsetClass>) {
    for octet in octets {
        let coding = DataCoding::read(octet);
        assert_eq!((coding.alphabet, coding.class), (alphabet, class), "{octet:#04X}");
    }
}

#[test]
fn the_values_of_smpp() {
    check([0x00], Alphabet::Default, None);
    check([0x01], Alphabet::Ia5, None);
    check([0x02, 0x04], Alphabet::Binary, None);
    check([0x03], Alphabet::Latin1, None);
    check([0x08], Alphabet::Ucs2, None);
    for octet in [0x05, 0x06, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F] {
        check([octet], Alphabet::Other(octet), None);
    }
}

#[test]
fn the_general_groups() {
    let classes = [HandsetClass::Flash, HandsetClass::Handset, HandsetClass::Sim, HandsetClass::Terminal];
    for (low, class) in (0..).zip(classes) {
        check([0x10 + low, 0x50 + low, 0x1C + low], Alphabet::Default, Some(class));
        check([0x14 + low, 0x54 + low], Alphabet::Binary, Some(class));
        check([0x18 + low, 0x58 + low], Alphabet::Ucs2, Some(class));
        check([0x30 + low, 0x74 + low], Alphabet::Compressed, Some(class));
        check([0xF0 + low, 0xF8 + low], Alphabet::Default, Some(class));
        check([0xF4 + low, 0xFC + low], Alphabet::Binary, Some(class));
    }
    check(0x40..=0x43, Alphabet::Default, None);
    check(0x44..=0x47, Alphabet::Binary, None);
    check(0x48..=0x4B, Alphabet::Ucs2, None);
    check(0x20..=0x2F, Alphabet::Compressed, None);
    check(0x60..=0x6F, Alphabet::Compressed, None);
    check(0x80..=0xBF, Alphabet::Default, None);
}

#[test]
fn the_groups_of_waiting_messages() {
    check(0xC0..=0xDF, Alphabet::Default, None);
    check(0xE0..=0xEF, Alphabet::Ucs2, None);
    let waiting = |octet| DataCoding::read(octet).waiting;
    let on = |kind, store| Some(Waiting { kind, active: true, store });
    assert_eq!(waiting(0xC8), on(WaitingKind::Voicemail, false));
    assert_eq!(waiting(0xD9), on(WaitingKind::Fax, true));
    assert_eq!(waiting(0xEA), on(WaitingKind::Email, true));
    assert_eq!(waiting(0xC3), Some(Waiting { kind: WaitingKind::Other, active: false, store: false }));
    assert!((0x00..=0xBF).chain(0xF0..=0xFF).all(|octet| waiting(octet).is_none()));
}

#[test]
fn what_is_composed_is_read() {
    let encodings =
        [(Encoding::Gsm7, Alphabet::Default), (Encoding::Binary, Alphabet::Binary), (Encoding::Ucs2, Alphabet::Ucs2)];
    let classes = std::iter::once(None).chain((0..=3).map(HandsetClass::from_value));
    for class in classes {
        for (encoding, alphabet) in encodings {
            for form in [ClassForm::General, ClassForm::ClassGroup] {
                check([DataCoding::compose(encoding, class, form)], alphabet, class);
            }
        }
    }
}

/// By hand from the tables of the general group and of the class group.
#[test]
fn composed_octets() {
    let compose = |encoding, class, form| DataCoding::compose(encoding, class, form);
    let general = |class: Option<u8>| {
        let class = class.and_then(HandsetClass::from_value);
        [Encoding::Gsm7, Encoding::Ucs2, Encoding::Binary].map(|encoding| compose(encoding, class, ClassForm::General))
    };
    assert_eq!(general(None), [0x00, 0x08, 0x04]);
    assert_eq!(general(Some(0)), [0x10, 0x18, 0x14]);
    assert_eq!(general(Some(3)), [0x13, 0x1B, 0x17]);
    let flash = Some(HandsetClass::Flash);
    assert_eq!(compose(Encoding::Gsm7, flash, ClassForm::ClassGroup), 0xF0);
    assert_eq!(compose(Encoding::Binary, Some(HandsetClass::Sim), ClassForm::ClassGroup), 0xF6);
    assert_eq!(compose(Encoding::Ucs2, flash, ClassForm::ClassGroup), 0x18);
}

#[test]
fn classes_are_0_to_3() {
    for value in 0..=3 {
        assert_eq!(HandsetClass::try_from(value).map(u8::from), Ok(value));
    }
    assert_eq!(HandsetClass::try_from(4), Err(NoClass { value: 4 }));
    assert_eq!(NoClass { value: 4 }.to_string(), "message class 4 is not one of 0 to 3");
}
