//! Packed septets: eight in seven octets, as they go over the air.
//!
//! Follows 3GPP TS 23.038 §6.1.2.1 (packing), §6.1.2.3.1 (the carriage return that fills seven spare bits) and 3GPP
//! TS 23.040 §9.2.3.24 (fill bits after a header). Over SMPP septets usually travel unpacked; a few centres want them
//! packed under data coding 0, and then, unlike over the air, nothing says how many there are. So the rule made for
//! that case holds: seven spare bits at the end hold a carriage return, which the reader takes off again.

use crate::gsm7;
use crate::limits::USER_DATA_OCTETS_MAX;

/// The septet that fills seven spare bits.
const CR: u8 = 0x0D;

/// The bits between a header of `udh_octets` octets and the first septet, 0 to 6.
#[must_use]
pub const fn fill_bits(udh_octets: usize) -> usize {
    // Eight bits an octet are one bit more than a septet, so only the remainder of the octets counts.
    (7 - udh_octets % 7) % 7
}

/// Packs `septets` behind a header of `udh_octets` octets (0 for none), which is not part of the output. The fill bits
/// are: they are the low bits of the first octet. The high bit of a septet is not looked at.
///
/// Septets that end with a carriage return on an octet boundary get another one, as the standard has it, unless that
/// would make the part longer than 140 octets: the reader shows two returns, which look like one.
#[must_use]
pub fn pack(septets: &[u8], udh_octets: usize) -> Vec<u8> {
    let fill = fill_bits(udh_octets);
    let bits = fill + septets.len() * 7;
    let mut octets = vec![0; bits.div_ceil(8)];
    for (index, septet) in septets.iter().enumerate() {
        put(&mut octets, fill + index * 7, *septet);
    }
    let spare = octets.len() * 8 - bits;
    let has_room = udh_octets + octets.len() < USER_DATA_OCTETS_MAX;
    if spare == 7 {
        put(&mut octets, bits, CR);
    } else if spare == 0 && septets.last() == Some(&CR) && has_room {
        octets.push(CR);
    }
    octets
}

/// Unpacks all septets of `octets`, which stood behind a header of `udh_octets` octets. A carriage return that ends
/// on the last bit is taken for the filling of seven spare bits and left out.
#[must_use]
pub fn unpack(octets: &[u8], udh_octets: usize) -> Vec<u8> {
    let fill = fill_bits(udh_octets);
    let bits = (octets.len() * 8).saturating_sub(fill);
    let mut septets = unpack_bits(octets, fill, bits / 7);
    if bits.is_multiple_of(7) && septets.last() == Some(&CR) {
        septets.pop();
    }
    septets
}

/// Unpacks the first `septet_count` septets, or as many as there are. For those who know the number.
#[must_use]
pub fn unpack_count(octets: &[u8], udh_octets: usize, septet_count: usize) -> Vec<u8> {
    let fill = fill_bits(udh_octets);
    let held = (octets.len() * 8).saturating_sub(fill) / 7;
    unpack_bits(octets, fill, septet_count.min(held))
}

/// Decodes packed octets of the default alphabet; see [`unpack`] and [`gsm7::decode`].
#[must_use]
pub fn decode(octets: &[u8], udh_octets: usize) -> String {
    gsm7::decode(&unpack(octets, udh_octets))
}

/// Writes the seven bits of `septet` from bit `bit` on, over zeros.
fn put(octets: &mut [u8], bit: usize, septet: u8) {
    let (index, shift) = (bit / 8, bit % 8);
    let [low, high] = (u16::from(septet & 0x7F) << shift).to_le_bytes();
    if let Some(octet) = octets.get_mut(index) {
        *octet |= low;
    }
    if let Some(octet) = octets.get_mut(index + 1) {
        *octet |= high;
    }
}

/// Invariant: the octets hold `fill` bits and `septet_count` septets.
fn unpack_bits(octets: &[u8], fill: usize, septet_count: usize) -> Vec<u8> {
    let octet = |index: usize| octets.get(index).copied().unwrap_or(0);
    (0..septet_count)
        .map(|index| {
            let (first, shift) = ((fill + index * 7) / 8, (fill + index * 7) % 8);
            let pair = u16::from_le_bytes([octet(first), octet(first + 1)]);
            (pair >> shift) as u8 & 0x7F
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[track_caller]
    fn check(text: &str, udh_octets: usize, wanted: &str) {
        let septets = gsm7::encode(text).expect("fits");
        let packed = pack(&septets, udh_octets);
        assert_eq!(hex(&packed), wanted);
        assert_eq!(unpack(&packed, udh_octets), septets);
        assert_eq!(unpack_count(&packed, udh_octets, septets.len()), septets);
        assert_eq!(decode(&packed, udh_octets), text);
    }

    /// `hello` and `hellohello` are what implementations commonly test with; the others are packed by hand.
    #[test]
    fn packed_texts() {
        check("", 0, "");
        check("hello", 0, "e8329bfd06");
        check("hellohello", 0, "e8329bfd4697d9ec37");
        check("€", 0, "9b32");
    }

    #[test]
    fn seven_spare_bits_hold_a_carriage_return() {
        check("1234567", 0, "31d98c56b3dd1a");
        let zero = [0x31, 0xD9, 0x8C, 0x56, 0xB3, 0xDD, 0x00];
        assert_eq!(decode(&zero, 0), "1234567@", "zeros would read as one more");
        assert_eq!(unpack_count(&zero, 0, 7), b"1234567");
    }

    #[test]
    fn fill_bits_stand_before_the_text() {
        check("1234567", 6, "62b219ad66bb01");
        assert_eq!([0, 1, 4, 5, 6, 7, 12, 13].map(fill_bits), [0, 6, 3, 2, 1, 0, 2, 1]);
    }

    #[test]
    fn a_carriage_return_on_the_boundary_is_doubled() {
        let packed = pack(b"1234567\r", 0);
        assert_eq!(hex(&packed), "31d98c56b3dd1a0d");
        assert_eq!(unpack(&packed, 0), b"1234567\r\r");
        let full: Vec<u8> = [&[b'a'; 159][..], b"\r"].concat();
        assert_eq!(pack(&full, 0).len(), 140, "no room for another");
    }

    #[test]
    fn full_parts_have_140_octets() {
        for udh_octets in [0, 6, 7, 13] {
            let septets = vec![0x61; crate::limits::septets_max(udh_octets)];
            assert!(udh_octets + pack(&septets, udh_octets).len() <= 140, "{udh_octets}");
            assert_eq!(unpack(&pack(&septets, udh_octets), udh_octets), septets);
        }
    }

    #[test]
    fn too_few_octets_hold_nothing() {
        assert_eq!(unpack(&[], 6), []);
        assert_eq!(unpack(&[0xFF], 1), [], "six fill bits leave two");
        assert_eq!(unpack_count(&[0xFF], 0, 9), [0x7F]);
    }
}
