//! What somebody who signed in changes of their own way in: the password, and the app that makes codes. Whoever sits down at an
//! unlocked screen cannot: the password of now is asked for, and the app's code.

use whimbrel_core::Secret;
use whimbrel_engine::{SignIn, SignInRefused};
use whimbrel_web::accounts::MadePage;
use whimbrel_web::frame::{Flash, Section};
use whimbrel_web::operations::OwnWay;

use super::form::Form;
use super::{Visit, moved, page, settings};
use crate::api::Api;
use crate::people::codes::{self, NewApp};
use crate::people::{Person, cookie};
use crate::server::Answer;

/// How the viewer signs in; `None`: not by a name and a password.
pub(super) async fn way(api: &Api, visit: &Visit<'_>) -> Option<OwnWay> {
    let Person::Operator { id, .. } = &visit.known.person else { return None };
    let operators = api.engine.operators().await.ok()?;
    let own = operators.into_iter().find(|operator| operator.id == *id)?;
    Some(if own.totp.is_some() { OwnWay::PasswordAndApp } else { OwnWay::Password })
}

/// `POST settings/password`.
pub(super) async fn change(api: &Api, visit: &Visit<'_>) -> Answer {
    let Person::Operator { name, id, .. } = &visit.known.person else {
        let failed = Flash::failed("Nothing was changed: you did not sign in by a name and a password.");
        return settings::show(api, visit, Some(failed)).await;
    };
    let form = Form::read(visit.request);
    let shown = |field| Secret::new(form.value(field).unwrap_or_default());
    let again = SignIn { name, password: shown("current"), code: shown("code"), code_step: codes::step };
    if let Err(refused) = api.engine.sign_in(again, visit.origin).await {
        let why = match refused {
            SignInRefused::Wrong => "Nothing was changed: that was not right. A code is good once.",
            SignInRefused::TooManyFailures { .. } => "Nothing was changed: too many tries went wrong. Wait a minute.",
            SignInRefused::Overloaded | SignInRefused::Store(_) => "Nothing was changed: try again.",
        };
        return settings::show(api, visit, Some(Flash::failed(why))).await;
    }
    let what = form.value("what").unwrap_or("password");
    // What a form says is not written down as it stands.
    let act = match what {
        "app" => "own app",
        "app-off" => "own app off",
        _ => "own password",
    };
    let begun = match api.begin_act(&visit.known.person, visit.origin, act).await {
        Ok(begun) => begun,
        Err(refused) => return refused.into(),
    };
    let own_session = visit.known.session.as_ref().map(|session| &session.number);
    let done = match what {
        "app" => {
            let NewApp { secret, recovery_codes } = codes::new_app(|| api.engine.world().random());
            match api.engine.ask_for_codes(name, &secret, &recovery_codes).await {
                Ok(_) => {
                    api.sessions.end_of_operator(*id, own_session);
                    Ok(app_page(visit, name, &secret, &recovery_codes))
                }
                Err(error) => Err(error),
            }
        }
        "app-off" => {
            let changed = api.engine.ask_for_no_codes(name).await;
            changed.map(|_| moved(&format!("{}?done=app-off", visit.links.page("settings"))).into())
        }
        _ => api.engine.set_operator_password(name, &shown("new")).await.map(|_| {
            // This session too: whoever has a copy of its cookie is out.
            api.sessions.end_of_operator(*id, None);
            let mut answer = moved(&visit.links.page("login"));
            let clear = cookie::Way::of(visit.request, &api.proxies).clear();
            answer.headers.push(("Set-Cookie", clear.into()));
            answer.into()
        }),
    };
    api.end_act(begun, if done.is_ok() { 200 } else { 400 });
    match done {
        Ok(answer) => answer,
        Err(error) => settings::show(api, visit, Some(Flash::failed(&format!("Nothing was changed: {error}.")))).await,
    }
}

fn app_page(visit: &Visit<'_>, name: &str, secret: &Secret, recovery_codes: &[Secret]) -> Answer {
    let made = MadePage {
        frame: visit.frame_in(Section::Settings, "Set up your app now"),
        facts: vec![
            ("Key to type into the app (time-based)".into(), secret.expose().into()),
            ("Or its address".into(), codes::app_uri(secret, name).into()),
        ],
        lines: recovery_codes.iter().map(|code| code.expose().into()).collect(),
        onward: (visit.links.page("settings").into(), "Done: from the next time on I am asked for a code".into()),
    };
    page(201, &made).into()
}
