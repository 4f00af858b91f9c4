//! The word for the network that a number's range was given to, as the vendor spells it: `viettel` is in its samples, the other large
//! ones in its pages. Which prefix belongs to which network is in the table of networks, which operators replace; this says how the
//! networks of Viet Nam are called. Ported numbers keep their old range: the word is a guess until the carrier knows better.

/// The word for a network code (E.212).
pub(super) fn word(network: &str) -> &'static str {
    match network {
        "45201" => "mobifone",
        "45202" => "vinaphone",
        "45204" => "viettel",
        "45205" => "vietnamobile",
        "45207" => "gmobile",
        // Not confirmed by a published list.
        "45208" => "itel",
        "45209" => "wintel",
        _ => "unknown",
    }
}
