//! How an account signs and what its key may be used for, as one column: pairs `name=value` with a blank between them, for
//! each setting that differs from its default. Empty means that everything is allowed.
//!
//! Nothing is guessed, as with [`rules`](super::rules).

use whimbrel_core::policy::SOURCE_NETWORKS_MAX;
use whimbrel_core::{
    Choice, Currency, KeyPolicy, Money, SignatureMethod, SignatureRule, Signing, SourceNetwork, WebhookSigning,
};

/// The settings as a column.
pub(super) fn text(signing: &Signing, policy: &KeyPolicy) -> String {
    let (usual, open) = (Signing::default(), KeyPolicy::default());
    let networks: Vec<String> = policy.networks.iter().map(SourceNetwork::to_string).collect();
    let pairs = [
        (signing.method != usual.method).then(|| ("method", signing.method.as_str().to_owned())),
        (signing.webhooks != usual.webhooks).then(|| ("webhooks", signing.webhooks.as_str().to_owned())),
        (!policy.methods.is_all()).then(|| ("methods", policy.methods.to_string())),
        (policy.signature != open.signature).then(|| ("signature", policy.signature.as_str().to_owned())),
        (policy.signature_method_min != open.signature_method_min)
            .then(|| ("method-min", policy.signature_method_min.as_str().to_owned())),
        (!networks.is_empty()).then(|| ("networks", networks.join(","))),
        (!policy.scopes.is_all()).then(|| ("scopes", policy.scopes.to_string())),
        policy.spend_per_day_max.map(|money| ("spend-per-day-max", money.units.to_string())),
    ];
    let pairs: Vec<String> = pairs.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}

/// The settings of a column; `None` if it holds anything else.
pub(super) fn parse(column: &str, currency: Currency) -> Option<(Signing, KeyPolicy)> {
    let (mut signing, mut policy) = (Signing::default(), KeyPolicy::default());
    let mut names = Vec::new();
    for pair in column.split_ascii_whitespace() {
        let (name, value) = pair.split_once('=')?;
        if names.contains(&name) {
            return None;
        }
        names.push(name);
        match name {
            "method" => signing.method = SignatureMethod::parse(value)?,
            "webhooks" => signing.webhooks = WebhookSigning::parse(value)?,
            "methods" => policy.methods = Choice::parse(value)?,
            "signature" => policy.signature = SignatureRule::parse(value)?,
            "method-min" => policy.signature_method_min = SignatureMethod::parse(value)?,
            "networks" => {
                policy.networks = value.split(',').map(|network| network.parse().ok()).collect::<Option<_>>()?;
            }
            "scopes" => policy.scopes = Choice::parse(value)?,
            "spend-per-day-max" => {
                let units = value.parse().ok().filter(|units| *units >= 0)?;
                policy.spend_per_day_max = Some(Money::new(units, currency));
            }
            _ => return None,
        }
    }
    (policy.networks.len() <= SOURCE_NETWORKS_MAX).then_some((signing, policy))
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{AuthMethod, Scope};

    use super::*;

    #[test]
    fn settings_are_read_as_they_were_written() {
        let signing = Signing { method: SignatureMethod::HmacSha512, webhooks: WebhookSigning::Signed };
        let policy = KeyPolicy {
            methods: Choice::only(&[AuthMethod::Signature, AuthMethod::Token]),
            signature: SignatureRule::Required,
            signature_method_min: SignatureMethod::HmacSha256,
            networks: ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().expect("a network")).to_vec(),
            scopes: Choice::only(&[Scope::Send]),
            spend_per_day_max: Some(Money::new(0, Currency::EUR)),
        };
        let column = "method=sha512 webhooks=signed methods=signature,token signature=required method-min=sha256 \
                      networks=10.0.0.0/8,2001:db8::/32 scopes=send spend-per-day-max=0";
        assert_eq!(text(&signing, &policy), column);
        assert_eq!(parse(column, Currency::EUR), Some((signing, policy)));
        let none = (Signing::default(), KeyPolicy::default());
        assert_eq!((text(&none.0, &none.1).as_str(), parse("", Currency::EUR)), ("", Some(none)));
    }

    #[test]
    fn nothing_is_guessed() {
        for column in [
            "method",
            "method=md4",
            "webhooks=maybe",
            "methods=",
            "methods=jwt",
            "networks=",
            "networks=10.0.0.1/8",
            "scopes=everything",
            "spend-per-day-max=-1",
            "spend-per-day-max=1.5",
            "weekdays=only",
            "signature=required signature=required",
        ] {
            assert_eq!(parse(column, Currency::EUR), None, "{column}");
        }
    }
}
