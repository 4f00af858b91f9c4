//! An inbound text in the engine's words (SMPP 3.4 §4.6; data coding by 3GPP TS 23.038). Pure.
//!
//! `deliver_sm` and `data_sm` alike. The text may be in `short_message` or in `message_payload`, with a header or without; which
//! part it is says the header, or else SMPP's own parameters.

use whimbrel_core::{InboundAlphabet, InboundContent, InboundPart, MessageOctets, MessageText};
use whimbrel_smpp::{Address, DataSm, ShortMessage, Tlvs};
use whimbrel_sms::incoming::{self, Content, IncomingAlphabet, IncomingRules, Octets};

use super::SmppConfig;
use super::concat::read_sar;

/// A user data header leads the message (SMPP 3.4 §5.2.12).
const ESM_CLASS_HAS_HEADER: u8 = 0x40;

/// What both commands say of a text.
#[derive(Clone, Copy)]
pub(super) struct Delivered<'a> {
    source: &'a Address,
    destination: &'a Address,
    esm_class: u8,
    data_coding: u8,
    user_data: &'a [u8],
    tlvs: &'a Tlvs,
}

impl<'a> Delivered<'a> {
    /// Where it comes from.
    pub(super) const fn source(&self) -> &'a Address {
        self.source
    }

    /// Its optional parameters.
    pub(super) const fn tlvs(&self) -> &Tlvs {
        self.tlvs
    }
}

impl<'a> From<&'a ShortMessage> for Delivered<'a> {
    fn from(message: &'a ShortMessage) -> Self {
        Self {
            source: &message.source,
            destination: &message.destination,
            esm_class: message.esm_class,
            data_coding: message.data_coding,
            user_data: message.user_data(),
            tlvs: &message.tlvs,
        }
    }
}

impl<'a> From<&'a DataSm> for Delivered<'a> {
    fn from(data: &'a DataSm) -> Self {
        Self {
            source: &data.source,
            destination: &data.destination,
            esm_class: data.esm_class,
            data_coding: data.data_coding,
            user_data: data.user_data(),
            tlvs: &data.tlvs,
        }
    }
}

/// Reads a text. Everything is one: what cannot be read is told as octets.
pub(super) fn read(delivered: Delivered<'_>, config: &SmppConfig) -> InboundPart {
    let octets = Octets {
        data_coding: delivered.data_coding,
        has_header: delivered.esm_class & ESM_CLASS_HAS_HEADER != 0,
        octets: delivered.user_data,
    };
    let rules = IncomingRules { default_alphabet: config.default_alphabet, sniff: config.sniff_texts };
    let incoming = incoming::read(octets, rules);
    InboundPart {
        sender: config.addresses.sender(delivered.source),
        number: config.addresses.number(delivered.destination),
        header: incoming.header.into(),
        concat: incoming.concat.or_else(|| read_sar(delivered.tlvs)),
        content: match incoming.content {
            Content::Text(text) => {
                InboundContent::Text { text: MessageText::new(text), alphabet: alphabet(incoming.alphabet) }
            }
            Content::Binary(octets) => InboundContent::Binary(MessageOctets::new(octets)),
        },
    }
}

const fn alphabet(alphabet: IncomingAlphabet) -> InboundAlphabet {
    match alphabet {
        IncomingAlphabet::Ucs2 | IncomingAlphabet::Utf8 => InboundAlphabet::Ucs2,
        IncomingAlphabet::Gsm7
        | IncomingAlphabet::Gsm7Packed
        | IncomingAlphabet::Latin1
        | IncomingAlphabet::Ascii
        | IncomingAlphabet::Binary => InboundAlphabet::Gsm7,
    }
}
