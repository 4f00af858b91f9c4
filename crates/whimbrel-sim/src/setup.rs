//! What a seed expands to: the customers, the carriers with their habits, and what goes wrong when.

use whimbrel_core::part::DoubtRules;
use whimbrel_core::{DoubtPolicy, Span};

use crate::chance::Chance;

/// The options of a seed. `Debug` prints all of them.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Carriers of the one route: 1 to 3.
    pub carrier_count: u16,
    /// Unanswered submissions that each allows.
    pub window: u16,
    /// Parts per second; 0: as many as the window allows.
    pub rate: u32,
    /// How long parts wait for a carrier that is down.
    pub down_grace: Span,
    /// What doubt does.
    pub doubt: DoubtRules,
    /// Paid in, in prices of a part.
    pub funds: u64,
    /// Requests of customers.
    pub call_count: u64,
    /// How the far ends behave while faults are on.
    pub habits: Habits,
    /// How many of a hundred webhooks fail while faults are on.
    pub webhook_faults: u64,
    /// Deaths of the process, with how they come.
    pub deaths: u64,
    /// Failed flushes.
    pub store_failures: u64,
    /// Times that the clock is set.
    pub clock_sets: u64,
    /// Times that a link is lost.
    pub link_losses: u64,
    /// How long faults are on.
    pub faults_for: Span,
}

/// How far ends behave: of a hundred, how many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// Parts refused for good.
    pub refuses: u64,
    /// Parts that this carrier will not take.
    pub refuses_itself: u64,
    /// Parts refused for now.
    pub refuses_for_now: u64,
    /// Parts answered with "slow down".
    pub throttles: u64,
    /// Parts taken whose answer is lost.
    pub loses_answer: u64,
    /// Parts that never arrive.
    pub loses_part: u64,
    /// Lost answers that come late.
    pub answers_late: u64,
    /// Receipts that come before the answer.
    pub reports_early: u64,
    /// Parts that are never reported.
    pub never_reports: u64,
    /// Receipts that come twice.
    pub reports_twice: u64,
    /// Ends that are contradicted later.
    pub contradicts: u64,
    /// Ends that are told as a number in another network.
    pub reports_moves: u64,
    /// Receipts for ids that nobody gave.
    pub reports_strangers: u64,
    /// Receipts that name the number they are for.
    pub names_numbers: u64,
    /// Longest time to an answer, in milliseconds.
    pub latency_ms_max: u64,
}

impl Setup {
    /// The options of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        let policies = [
            DoubtPolicy::Resend,
            DoubtPolicy::Resend,
            DoubtPolicy::WaitThenResend,
            DoubtPolicy::HoldForReceipt,
            DoubtPolicy::FailUnknown,
        ];
        let (otp, bulk) = (chance.one_of(&policies), chance.one_of(&policies));
        let resends_max = chance.one_of(&[0, 1, 1, 2]);
        Self {
            carrier_count: chance.one_of(&[1, 2, 2, 3]),
            window: chance.one_of(&[1, 2, 3, 6, 24]),
            rate: chance.one_of(&[0, 0, 2, 10]),
            doubt: DoubtRules { otp, bulk, resends_max, wait: chance.millis(1_000, 20_000) },
            funds: chance.one_of(&[3, 10, 1_000, 1_000]),
            call_count: 3 + chance.below(12),
            habits: Habits::of(chance),
            webhook_faults: chance.one_of(&[0, 10, 40, 80]),
            deaths: chance.one_of(&[0, 0, 1, 1, 2, 3]),
            store_failures: chance.one_of(&[0, 0, 0, 1]),
            clock_sets: chance.one_of(&[0, 0, 0, 1, 2]),
            link_losses: chance.one_of(&[0, 0, 1, 2]),
            faults_for: chance.millis(5_000, 40_000),
            down_grace: chance.one_of(&[Span::ZERO, Span::seconds(3), Span::seconds(60)]),
        }
    }
}

impl Habits {
    fn of(chance: &mut Chance) -> Self {
        // Most seeds have a few bad habits, not all of them: what hides behind another fault is found then.
        let mut some = || if chance.percent(35) { chance.one_of(&[5, 15, 40]) } else { 0 };
        Self {
            refuses: some(),
            refuses_itself: some(),
            refuses_for_now: some(),
            throttles: some(),
            loses_answer: some(),
            loses_part: some(),
            answers_late: some() * 2,
            reports_early: some(),
            never_reports: some() / 2,
            reports_twice: some(),
            contradicts: some(),
            reports_moves: some(),
            reports_strangers: some(),
            names_numbers: chance.one_of(&[0, 100, 100]),
            latency_ms_max: chance.one_of(&[5, 100, 2_000]),
        }
    }

    /// A carrier as it should be.
    pub fn good() -> Self {
        Self { latency_ms_max: 20, ..Self::default() }
    }
}
