//! Every vector, signed and verified.

use whimbrel_signing::nexmo::{self, Form, Method, Parameters, Tolerance};
use whimbrel_signing::{Fault, Secret};

use crate::support::{TOLERANT, form, verify};
use crate::table::{SECRET, VECTORS};

#[test]
fn strings_and_signatures_are_those_of_the_vectors() {
    assert_eq!(VECTORS.len(), 6);
    for vector in VECTORS {
        let parameters = Parameters::new(vector.pairs.iter().copied()).expect("no name twice");
        assert_eq!(nexmo::canonical(&parameters).to_text(), vector.canonical, "{}", vector.name);
        for (method, expected) in Method::ALL.iter().zip(vector.signatures) {
            let signature = nexmo::sign(&parameters, *method, Secret::new(SECRET));
            assert_eq!(signature.as_str(), expected, "{} by {method}", vector.name);
        }
    }
}

#[test]
fn each_verifies_by_its_method_in_any_case_and_by_no_other() {
    for vector in VECTORS {
        for (method, signature) in Method::ALL.iter().zip(vector.signatures) {
            for sig in [signature.to_lowercase(), signature.to_uppercase()] {
                let pairs: Vec<_> = vector.pairs.iter().copied().chain([("sig", sig.as_str())]).collect();
                for other in Method::ALL {
                    let expected = if other == method { Ok(Form::Canonical) } else { Err(Fault::Mismatch) };
                    for tolerance in [Tolerance::STRICT, TOLERANT] {
                        let found = verify(&pairs, SECRET, *other, tolerance);
                        assert_eq!(found, expected, "{} by {method} as {other}", vector.name);
                    }
                }
            }
        }
    }
}

/// The vendor's Java library leaves blank values out of the string and sends them: vector C, as it signs it.
#[test]
fn blanks_left_out_match_where_that_is_tolerated() {
    let blanks = VECTORS.iter().find(|vector| vector.name.starts_with('C')).expect("C is there");
    let signatures = [
        "b115ff740ee869f11313b1e60e88e872",
        "555f7f03dd5f313b693f5d5ba8e7c6f3",
        "d491e5bc18cf55facbae3d1d96dbd70b5cdbdbbf",
        "5a1319d186ca70764e3dce4afa5835535942a15a6ee2f5253960d7d187459694",
        "2c0cd1f84102af28d4433b329ba3ecda55f4f9bcdd824345b7f05c7314cdbe4eb12a8e1e158ff90687920d091eb47c85db3c473e6151de95c8be0b9410dfa5c4",
    ];
    for (method, sig) in Method::ALL.iter().zip(signatures) {
        let pairs: Vec<_> = blanks.pairs.iter().copied().chain([("sig", sig)]).collect();
        assert_eq!(verify(&pairs, SECRET, *method, TOLERANT), Ok(Form::WithoutBlanks), "{method}");
        assert_eq!(verify(&pairs, SECRET, *method, Tolerance::STRICT), Err(Fault::Mismatch), "{method}");
    }
}

/// Vector G: what version 4.9.1 of the vendor's Python library puts on the wire.
#[test]
fn unset_fields_signed_as_none_match_where_that_is_tolerated() {
    let signatures = [
        (Method::Md5, "1a548f8a102dfc096063dbb2b692e4f0"),
        (Method::Sha1, "7192d6bd8a4540642727cd40587da4a625e1c7aa"),
        (Method::Sha256, "4ba1224e5bd24ec3539fc856a016cb5bc1a5f89ea57d71eb8def81f6f90c844c"),
        (
            Method::Sha512,
            "38bd7106f2f7f49f5b48192583f35c0c75ec1ef723d738c0b7114d88f8349bb4589b10312e206662ed27a0f2c516ed2cdea58ea00c7888e6dc235d72adf8ecd2",
        ),
    ];
    for (method, sig) in signatures {
        let body = format!(
            "to=447700900000&from=AcmeInc&text=A%3DB+%26+C&sig={sig}&status-report-req=True&api_key=abcd1234&timestamp=1795328699"
        );
        let pairs = form(&body);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(verify(&pairs, SECRET, method, TOLERANT), Ok(Form::UnsetAsNone), "{method}");
        assert_eq!(verify(&pairs, SECRET, method, Tolerance::STRICT), Err(Fault::Mismatch), "{method}");
    }
}

/// Vectors H and J: a JSON body with numbers, and what version 3.18 of the Python library puts on the wire.
#[test]
fn numbers_of_json_and_an_older_library_s_form_match() {
    let json = "api_key=abcd1234&from=AcmeInc&status-report-req=1&text=hi&timestamp=1461605396&to=447700900000&ttl=259200000&type=text";
    let older =
        "to=447700900000&from=AcmeInc&text=A%3DB+%26+C&status-report-req=True&api_key=abcd1234&timestamp=1795328769";
    for (body, method, sig) in [
        (json, Method::Md5Hash, "cbeb18495e2fe5c0465a8ecc9d4b76e2"),
        (json, Method::Sha256, "CC6187834968B549928688D9A600ECB6AE9CF2230717C0AEBD151E594A5A3157"),
        (older, Method::Sha256, "52c58e0ccc1d44023471d991a7237ae4b78d3dbee6f3c630684da9b4949be4a2"),
    ] {
        let mut pairs = form(body);
        pairs.push(("sig".to_owned(), sig.to_owned()));
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(verify(&pairs, SECRET, method, Tolerance::STRICT), Ok(Form::Canonical), "{body}");
    }
}

/// Vector I: the Node library's `Auth.createSignatureHash` signs another string, and the live service refuses it.
#[test]
fn another_string_is_refused_under_all_tolerance() {
    for (method, sig) in [
        (Method::Md5Hash, "4c38cd50f58b39b98913074215c5fbb7"),
        (Method::Sha256, "6be2b59879ef1f600b22abce956f3427b9138479949c6c5e0953dc69e7c0b6d1"),
    ] {
        let pairs: Vec<_> = VECTORS[0].pairs.iter().copied().chain([("sig", sig)]).collect();
        assert_eq!(verify(&pairs, SECRET, method, TOLERANT), Err(Fault::Mismatch));
    }
}
