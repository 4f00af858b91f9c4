//! What holds for every request, answer and id.

use proptest::prelude::*;
use whimbrel_core::{Accepted, AcceptedPart, Currency, MessageId, Money, Outcome, PartId, Refusal};

use super::{body, number, post, read, reply};
use crate::nexmo::Nexmo;
use crate::{Claim, Dialect, PublicId};

/// The same pairs as a form, as a query and as a JSON object.
fn three_forms(pairs: &[(String, String)]) -> (String, String) {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let object: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let string = |text: &String| serde_json::to_string(text).expect("a string can be written");
            format!("{}:{}", string(name), string(value))
        })
        .collect();
    (form, format!("{{{}}}", object.join(",")))
}

fn any_name() -> impl Strategy<Value = String> {
    let known = ["api_key", "api_secret", "sig", "from", "to", "type", "text", "ttl", "client-ref", "callback"];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_value() -> impl Strategy<Value = String> {
    let likely = ["text", "unicode", "447700900001", "AcmeInc", "20000", "http://a", ""];
    prop_oneof![2 => prop::sample::select(likely.to_vec()).prop_map(str::to_owned), 2 => any::<String>()]
}

/// A request's bytes: anything, or what looks like a request.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[{}\\[\\]\":,a-z0-9\\\\u&=%+ ]{0,80}".prop_map(String::into_bytes),
        prop::collection::vec((any_name(), any_value()), 0..8).prop_map(|pairs| three_forms(&pairs).1.into_bytes()),
    ]
}

/// The key of a claim, and the secret if there is one.
fn who(claim: &Result<Claim, Refusal>) -> Result<(&str, &str), &Refusal> {
    match claim {
        Ok(Claim::KeyAndSecret { key, secret, .. }) => Ok((key, secret.expose())),
        Ok(Claim::Signed(signed)) => Ok((signed.key(), "signed")),
        Ok(Claim::Delegated(request)) => Ok((request.consumer(), "signed")),
        Ok(Claim::Token(_) | Claim::SecretKey { .. } | Claim::SignedKey { .. } | Claim::OnBehalf { .. }) => {
            panic!("a credential that is not taken")
        }
        Err(refusal) => Err(refusal),
    }
}

proptest! {
    #[test]
    fn reading_never_fails_and_its_answers_are_json(
        query in any::<String>(),
        body in any_body(),
        authorization in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let headers: &[(&str, &[u8])] = &[("authorization", &authorization), ("idempotency-key", &authorization)];
        let parsed = read(&post(&query, headers, &body));
        let refusals = [parsed.claim.err(), parsed.call.err()];
        for refusal in refusals.into_iter().flatten() {
            let response = Nexmo.render(&Outcome::Refused(refusal), &parsed.reply);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&response.body).is_ok());
        }
    }

    #[test]
    fn form_query_and_json_say_the_same(pairs in prop::collection::vec((any_name(), any_value()), 0..10)) {
        let (form, json) = three_forms(&pairs);
        let [one, two, three] = [post("", &[], form.as_bytes()), post(&form, &[], b""), post("", &[], json.as_bytes())].map(|request| read(&request));
        prop_assert_eq!(who(&one.claim), who(&two.claim));
        prop_assert_eq!(&one.call, &two.call);
        prop_assert_eq!(who(&one.claim), who(&three.claim));
        prop_assert_eq!(&one.call, &three.call);
    }

    #[test]
    fn basic_and_parameters_name_the_same_caller(key in "[!-9;-~]{1,12}", secret in "[ -~é€]{1,12}") {
        use base64::Engine as _;
        let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}")));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("api_key", &key)
            .append_pair("api_secret", &secret)
            .finish();
        let by_header = read(&post("", &[("authorization", header.as_bytes())], b"")).claim;
        let by_form = read(&post("", &[], form.as_bytes())).claim;
        prop_assert_eq!(who(&by_header), who(&by_form));
        prop_assert_eq!(who(&by_form), Ok((&*key, &*secret)));
    }

    #[test]
    fn every_answer_is_the_json_it_should_be(client_ref in any::<String>(), units in any::<i64>(), id in 0i64..1 << 59) {
        let money = Money::new(units, Currency::EUR);
        let part = |id| AcceptedPart { part_id: PartId(id), price: money, balance: money };
        let accepted = Accepted {
            serial: None,
            message_id: MessageId(id),
            recipient: number("447700900001"),
            network: "GB-FIXED".into(),
            parts: vec![part(id), part(id + 1)],
            client_ref: Some(client_ref.clone().into()),
            account_ref: None,
        };
        let value: serde_json::Value =
            serde_json::from_str(&body(Nexmo.render(&Outcome::Sent(accepted), &reply()))).expect("JSON");
        prop_assert_eq!(&value["message-count"], "2");
        for (index, id) in [(0, id), (1, id + 1)] {
            let message = &value["messages"][index];
            prop_assert_eq!(&message["client-ref"], client_ref.as_str());
            prop_assert_eq!(&message["message-price"], &money.eight_decimals());
            prop_assert_eq!(&message["message-id"], &Nexmo.public_id(id, None));
        }
    }

    #[test]
    fn ids_and_their_public_forms_are_a_bijection(id in 0i64..1 << 60) {
        let public = Nexmo.public_id(id, None);
        prop_assert_eq!(public.len(), 16);
        prop_assert!(public.bytes().all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit)));
        prop_assert!(public.parse::<i64>().is_err() && public.parse::<f64>().is_err());
        prop_assert_eq!(Nexmo.read_public_id(&public), Some(PublicId::Id(id)));
        prop_assert_eq!(Nexmo.read_public_id(&public.to_ascii_lowercase()), Some(PublicId::Id(id)));
    }

    #[test]
    fn what_is_read_as_an_id_is_printed_as_it_was(text in "[Aa0][0-9A-Fa-f]{15}") {
        if let Some(PublicId::Id(id)) = Nexmo.read_public_id(&text) {
            prop_assert_eq!(Nexmo.public_id(id, None), text.to_ascii_uppercase());
        }
    }
}
