//! `GET stats`: what went through, by hour or day, carrier and account.

use whimbrel_web::chart::Chart;
use whimbrel_web::frame::Section;
use whimbrel_web::operations::{AccountFigures, Chosen, Figures, StatsPage};

use super::carriers::figures;
use super::document::{amount, list, text};
use super::form::Form;
use super::{Visit, accounts, page};
use crate::api::Api;
use crate::server::Answer;

/// Spans that can be chosen, in hours.
const SPANS: [(u32, &str); 4] = [(24, "24 hours"), (72, "3 days"), (168, "7 days"), (720, "30 days")];

/// `GET stats?hours=`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>) -> Answer {
    let wanted = Form::of_query(visit.request).filled("hours").and_then(|hours| hours.parse().ok());
    let hours = SPANS.iter().map(|(hours, _)| *hours).find(|hours| Some(*hours) == wanted).unwrap_or(SPANS[0].0);
    let answered = visit.read(api, &format!("traffic?hours={hours}")).await;
    if !answered.is_done() {
        return accounts::refused(visit, &answered);
    }
    let stats = visit.read(api, "stats").await.document;
    let traffic = &answered.document;
    let step = text(traffic, "step");
    let mut chart = Chart {
        title: format!("Parts by {step} of acceptance").into(),
        bars: list(traffic, "steps").iter().map(|step| accounts::bar(step, "from")).collect(),
        step,
    };
    for bar in &mut chart.bars {
        // `2026-11-28T02:00:00Z`: of an hour its time as well, of a day the day.
        let shown = if &*chart.step == "hour" { bar.label.get(5..16) } else { bar.label.get(..10) };
        bar.label = shown.unwrap_or(&bar.label).replace('T', " ").into();
    }
    let total = chart.bars.iter().fold(Figures::default(), |total, bar| Figures {
        parts: total.parts + bar.parts,
        delivered: total.delivered + bar.delivered,
        failed: total.failed + bar.failed,
    });
    let now = [
        ("Messages kept", "messages"),
        ("Waiting", "queued"),
        ("With carriers", "submitted"),
        ("In doubt", "uncertain"),
        ("Webhooks to deliver", "notices"),
        ("Receipts without a message", "receipts_parked"),
    ];
    let shown = StatsPage {
        frame: visit.frame_in(Section::Stats, "Stats"),
        spans: SPANS.map(|(span, words)| (span, words, if span == hours { Chosen::Yes } else { Chosen::No })).to_vec(),
        now: now.map(|(word, name)| (word, text(&stats, name))).to_vec(),
        chart,
        total,
        carriers: list(traffic, "carriers").iter().map(|one| (text(one, "carrier"), figures(one))).collect(),
        accounts: (list(traffic, "accounts").iter())
            .map(|one| {
                let spent = format!("{} {}", amount(one, "spent"), text(one, "currency"));
                let (account, name) = (text(one, "account"), text(one, "name"));
                AccountFigures { account, name, figures: figures(one), spent: spent.into() }
            })
            .collect(),
    };
    page(200, &shown).into()
}
