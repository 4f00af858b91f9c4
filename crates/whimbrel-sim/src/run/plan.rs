//! What will happen in a world by itself: requests of customers, and what goes wrong.

use whimbrel_core::Span;

use super::{Deed, Sim};
use crate::chance::Chance;
use crate::customer::request;
use crate::store::Failure;

impl Sim {
    /// What will go wrong and when, and what customers will send.
    pub(super) fn plan(&mut self) {
        let faults_for = self.setup.faults_for;
        let within = |chance: &mut Chance| Span(i64::try_from(chance.below(faults_for.0.unsigned_abs())).unwrap_or(0));
        let mut call_times = Vec::new();
        for number in 0..self.setup.call_count {
            self.calls.push(request(number, &mut self.chance));
            let at = within(&mut self.chance);
            call_times.push(at);
            let call = self.calls.len() - 1;
            self.at(at, Deed::Call(call));
            if self.chance.percent(10) {
                let later = Span(at.0 + self.chance.millis(0, 10).0);
                self.at(later, Deed::HangUp(call));
            }
        }
        for _ in 0..self.setup.deaths {
            let at = within(&mut self.chance);
            let deed = if self.chance.percent(70) { Deed::DieSoon(self.chance.below(25)) } else { Deed::Die };
            self.at(at, deed);
        }
        for _ in 0..self.setup.store_failures {
            let at = within(&mut self.chance);
            let failure = self.chance.one_of(&[Failure::NothingWritten, Failure::AllWritten]);
            self.at(at, Deed::FailStore(failure));
        }
        for _ in 0..self.setup.clock_sets {
            let at = within(&mut self.chance);
            let by = self.chance.millis(100, 60_000);
            let by = if self.chance.percent(50) { by } else { Span(-by.0) };
            self.at(at, Deed::SetClock(by));
        }
        for _ in 0..self.setup.link_losses {
            // Often while a text is on its way through the process.
            let at = if self.chance.percent(70) {
                Span(self.chance.one_of(&call_times).0 + self.chance.millis(0, 6).0)
            } else {
                within(&mut self.chance)
            };
            let index = usize::try_from(self.chance.below(self.far_ends.len() as u64)).unwrap_or(0);
            self.at(at, Deed::Down(index));
        }
        self.at(faults_for, Deed::Heal);
    }
}
