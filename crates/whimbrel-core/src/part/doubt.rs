//! What is done about a submission whose answer was lost.

use crate::account::text_forms;
use crate::call::MessageClass;
use crate::time::Span;

/// What doubt does: the answer to a submission was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtPolicy {
    /// Submit again at once, the same bytes; the same code twice is harmless, none is not.
    Resend,
    /// Submit again after [`DoubtRules::wait`], unless a receipt or a late answer settles it first.
    WaitThenResend,
    /// Never submit again; wait for a receipt until the part expires.
    HoldForReceipt,
    /// End as unknown at once.
    FailUnknown,
}

/// The doubt policies with their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoubtRules {
    /// What doubt does to one-time codes.
    pub otp: DoubtPolicy,
    /// What it does to other messages.
    pub bulk: DoubtPolicy,
    /// Copies that doubt may cause over a part's whole life (R): 0 to 2.
    pub resends_max: u8,
    /// How long [`DoubtPolicy::WaitThenResend`] waits.
    pub wait: Span,
}

impl DoubtRules {
    /// One policy for every class, with the usual bounds.
    #[must_use]
    pub const fn all(policy: DoubtPolicy) -> Self {
        Self { otp: policy, bulk: policy, resends_max: 1, wait: Span::seconds(60) }
    }

    /// What doubt does to a message of that class.
    #[must_use]
    pub const fn policy(&self, class: MessageClass) -> DoubtPolicy {
        match class {
            MessageClass::Otp => self.otp,
            MessageClass::Bulk => self.bulk,
        }
    }
}

impl Default for DoubtRules {
    fn default() -> Self {
        Self::all(DoubtPolicy::Resend)
    }
}

text_forms! {
    DoubtPolicy {
        Resend = "resend", WaitThenResend = "wait-then-resend", HoldForReceipt = "hold-for-receipt",
        FailUnknown = "fail-unknown",
    }
}
