//! A carrier of the configuration in the words of the carrier kind.

use std::path::Path;

use whimbrel_carriers::smpp::{
    self, AddressForms, BindMode, ConcatMethod, ConstantTlv, NumberForm, OptionalParameters, ReceiptRequest,
    RegistrationTags, SmppConfig, StatusRule, SystemRoots, TextCoding, TextErrorCodes, Tls, TlsOptions, ValidityForm,
    Verify,
};
use whimbrel_core::Span;
use whimbrel_sms::{ClassForm, Sniff};

use crate::config::{
    Concat, DefaultAlphabet, IdFormat, NameAlphabet, Receipts, SmppAddresses, SmppBind, SmppCarrier, SmppText, SmppTls,
    StatusClass, TextErrors, TlsVerify, TonNpi, Validity, WrittenNumber, read_config_file, read_secret_file,
};

/// The settings of one carrier; certificates are read from their files.
///
/// # Errors
/// What cannot be used, and what to do, by the carrier's name.
pub(super) fn link(name: &str, smpp: &SmppCarrier) -> Result<SmppConfig, String> {
    let mut link = SmppConfig::new(name, &smpp.host, smpp.port, &smpp.system_id, smpp.password.clone());
    link.tls = smpp.tls.as_ref().map(tls).transpose().map_err(|why| format!("carriers.{name}: {why}"))?;
    link.system_type = smpp.system_type.as_str().into();
    link.interface_version = smpp.interface_version;
    link.address_range = smpp.address_range.as_str().into();
    link.address_range_label = label(smpp.address_range_form);
    link.bind = match smpp.bind {
        SmppBind::Transceiver => BindMode::Transceiver,
        SmppBind::Transmitter => BindMode::Transmitter,
        SmppBind::Receiver => BindMode::Receiver,
        SmppBind::Pair => BindMode::TransmitterAndReceiver,
    };
    link.connections = u8::try_from(smpp.connections).unwrap_or(u8::MAX);
    link.window_max = smpp.window_max;
    link.bind_timeout = Span::from_std(smpp.bind_timeout);
    link.response_timeout = Span::from_std(smpp.response_timeout);
    link.enquire_interval = Span::from_std(smpp.enquire_interval);
    link.enquire_timeout = Span::from_std(smpp.enquire_timeout);
    link.drain_timeout = Span::from_std(smpp.drain_timeout);
    link.enquire_misses_max = smpp.enquire_misses;
    link.service_type = smpp.service_type.as_str().into();
    link.service_type_otp = smpp.otp_service_type.as_deref().map(Box::from);
    link.priority_otp = smpp.otp_priority;
    link.addresses = addresses(&smpp.addresses);
    set_text(&mut link, &smpp.text);
    link.validity = match smpp.validity {
        Validity::Relative => ValidityForm::Relative,
        Validity::Absolute => ValidityForm::Absolute,
        Validity::Never => ValidityForm::Never,
    };
    link.receipts = match smpp.receipts {
        Receipts::Final => ReceiptRequest::Final,
        Receipts::Intermediate => ReceiptRequest::WithIntermediate,
        Receipts::None => ReceiptRequest::Never,
    };
    link.tlvs = if smpp.tlvs.allowed { OptionalParameters::Send } else { OptionalParameters::Omit };
    link.constant_tlvs =
        smpp.tlvs.constant.iter().map(|(tag, value)| ConstantTlv { tag: *tag, value: value.clone() }).collect();
    link.registration_tags = RegistrationTags { entity: smpp.tlvs.entity, template: smpp.tlvs.template };
    link.network_tags.clone_from(&smpp.tlvs.network);
    link.id_format = match smpp.id_format {
        IdFormat::Auto => smpp::IdFormat::Auto,
        IdFormat::Exact => smpp::IdFormat::Exact,
        IdFormat::RespHex => smpp::IdFormat::ResponseHexadecimal,
        IdFormat::RespDec => smpp::IdFormat::ResponseDecimal,
        IdFormat::Mask { answer_is_hex, receipt_is_hex } => {
            smpp::IdFormat::Mask(u8::from(answer_is_hex) | u8::from(receipt_is_hex) << 1)
        }
    };
    link.statuses = smpp.status_table.iter().map(|(status, class)| rule(*status, *class)).collect();
    // Receipts have the number as the carrier writes it: usually three digits, sometimes four or no zeros.
    let written = |code: u16| [format!("{code}"), format!("{code:03}"), format!("{code:04}")];
    let causes = smpp.error_table.iter().flat_map(|(code, cause)| written(*code).map(|text| (text.into(), *cause)));
    link.error_causes = causes.collect();
    link.text_error_codes = match smpp.text_error_codes {
        TextErrors::Opaque => TextErrorCodes::Opaque,
        TextErrors::Map => TextErrorCodes::Map,
    };
    link.check().map_err(|fault| format!("carriers.{name}: {fault}"))?;
    Ok(link)
}

const fn label(form: TonNpi) -> smpp::TonNpi {
    smpp::TonNpi { ton: form.ton, npi: form.npi }
}

fn addresses(addresses: &SmppAddresses) -> AddressForms {
    AddressForms {
        sender_name: label(addresses.sender_name),
        sender_name_alphabet: match addresses.sender_name_alphabet {
            NameAlphabet::Ascii => smpp::NameAlphabet::Ascii,
            NameAlphabet::Gsm7 => smpp::NameAlphabet::Gsm7,
        },
        sender_number: label(addresses.sender_number),
        sender_short_code: label(addresses.sender_short_code),
        recipient: label(addresses.recipient),
        sender_number_form: written(&addresses.sender_number_form),
        recipient_form: written(&addresses.recipient_form),
    }
}

fn written(form: &WrittenNumber) -> NumberForm {
    match form {
        WrittenNumber::Plain => NumberForm::Plain,
        WrittenNumber::Plus => NumberForm::Plus,
        WrittenNumber::DoubleZero => NumberForm::DoubleZero,
        WrittenNumber::National { country, prefix } => {
            NumberForm::National { country: country.as_str().into(), trunk: prefix.as_str().into() }
        }
    }
}

fn set_text(link: &mut SmppConfig, text: &SmppText) {
    link.default_alphabet = match text.default_alphabet {
        DefaultAlphabet::Gsm7 => whimbrel_sms::DefaultAlphabet::Gsm7,
        DefaultAlphabet::Gsm7Packed => whimbrel_sms::DefaultAlphabet::Gsm7Packed,
        DefaultAlphabet::Latin1 => whimbrel_sms::DefaultAlphabet::Latin1,
        DefaultAlphabet::Ascii => whimbrel_sms::DefaultAlphabet::Ascii,
        DefaultAlphabet::Utf8 => whimbrel_sms::DefaultAlphabet::Utf8,
    };
    link.text_coding = if text.latin1 { TextCoding::Latin1 } else { TextCoding::Default };
    link.concat = match text.concat {
        Concat::Udh8 => ConcatMethod::Udh8,
        Concat::Udh16 => ConcatMethod::Udh16,
        Concat::Sar => ConcatMethod::Sar,
        Concat::Payload => ConcatMethod::Payload,
    };
    link.part_slack = text.part_slack;
    link.class_form = if text.flash >= 0xF0 { ClassForm::ClassGroup } else { ClassForm::General };
    let sniff = |wanted| if wanted { Sniff::On } else { Sniff::Off };
    link.sniff_receipts = sniff(text.sniff_receipts);
    link.sniff_texts = sniff(text.sniff_texts);
}

const fn rule(status: u32, class: StatusClass) -> StatusRule {
    let class = match class {
        StatusClass::Reject => smpp::StatusClass::Rejected,
        StatusClass::Reroute => smpp::StatusClass::Sender,
        StatusClass::Ported => smpp::StatusClass::WrongNetwork,
        StatusClass::Retry => smpp::StatusClass::Temporary,
        StatusClass::Throttle => smpp::StatusClass::Throttled,
        StatusClass::QueueFull => smpp::StatusClass::QueueFull,
    };
    StatusRule { status, class }
}

fn tls(tls: &SmppTls) -> Result<Tls, String> {
    let pem = |path: &Path| read_config_file(path).map(String::into_bytes).map_err(|error| error.to_string());
    let (client_cert_pem, client_key_pem) = match &tls.client {
        Some((chain, key)) => {
            let key = read_secret_file(key).map_err(|error| error.to_string())?;
            (Some(pem(chain)?), Some(key.into_bytes()))
        }
        None => (None, None),
    };
    let (verify, fingerprints) = match &tls.verify {
        TlsVerify::Full => (Verify::Chain, Vec::new()),
        TlsVerify::Fingerprints(fingerprints) => (Verify::Fingerprint, fingerprints.clone()),
        TlsVerify::None => (Verify::UnsafeNothing, Vec::new()),
    };
    Tls::new(TlsOptions {
        ca_pem: tls.ca.as_deref().map(pem).transpose()?,
        system_roots: if tls.ca.is_some() { SystemRoots::Ignore } else { SystemRoots::Trust },
        client_cert_pem,
        client_key_pem,
        server_name: tls.name.as_deref().map(Box::from),
        fingerprints,
        verify,
    })
    .map_err(|fault| fault.to_string())
}
