//! Signed parameters.

use whimbrel_signing::nexmo::{self, Form, Method, PYTHON_UNSET, Parameters, Policy, Tolerance};
use whimbrel_signing::{Secret, UnixSeconds};

use crate::{Answer, Job};

fn method(job: &Job<'_>) -> Method {
    Method::of_name(job.text("method")).expect("a method's name")
}

pub fn sign(job: &Job<'_>) -> Answer {
    let parameters = Parameters::new(job.pairs("parameters")).map_err(|fault| fault.to_string())?;
    Ok(nexmo::sign(&parameters, method(job), Secret::new(job.text("secret"))).into_string().into())
}

pub fn verify(job: &Job<'_>) -> Answer {
    let parameters = Parameters::new(job.pairs("parameters")).map_err(|fault| fault.to_string())?;
    let unset_as_none = if job.optional("tolerance") == Some("unset") { PYTHON_UNSET } else { &[] };
    let policy = Policy { tolerance: Tolerance { unset_as_none, ..Tolerance::STRICT }, ..Policy::new(method(job)) };
    let verified = nexmo::verify(&parameters, Secret::new(job.text("secret")), &policy, UnixSeconds(job.number("now")));
    let form = match verified.map_err(|fault| fault.to_string())?.form {
        Form::Canonical => "canonical",
        Form::WithoutBlanks => "without-blanks",
        Form::UnsetAsNone => "unset-as-none",
    };
    Ok(form.into())
}
