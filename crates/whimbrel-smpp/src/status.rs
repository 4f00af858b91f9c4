//! Command status: the number with which a response says how it went.
//!
//! Any 32-bit value is kept as it came; the names are those of SMPP 3.4 §5.1.3. What a status means for a message
//! (try again, slow down, give up) is decided elsewhere.

use std::fmt;

/// The `command_status` of a PDU: zero in requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct CommandStatus(pub u32);

macro_rules! statuses {
    ($($(#[doc = $doc:literal])* $name:ident = $value:literal;)*) => {
        impl CommandStatus {
            $($(#[doc = $doc])* pub const $name: Self = Self($value);)*

            /// The name in the specification, for people: `ESME_RTHROTTLED`.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(concat!("ESME_", stringify!($name))),)*
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const NAMED: &[u32] = &[$($value),*];
    };
}

statuses! {
    /// No error.
    ROK = 0x00;
    /// The length of the message is wrong.
    RINVMSGLEN = 0x01;
    /// The length of the PDU is wrong.
    RINVCMDLEN = 0x02;
    /// The command id is unknown.
    RINVCMDID = 0x03;
    /// The session is not in the state for this command.
    RINVBNDSTS = 0x04;
    /// Bound already.
    RALYBND = 0x05;
    /// The priority flag is wrong.
    RINVPRTFLG = 0x06;
    /// The registered delivery flag is wrong.
    RINVREGDLVFLG = 0x07;
    /// A fault inside the centre.
    RSYSERR = 0x08;
    /// The source address is wrong.
    RINVSRCADR = 0x0A;
    /// The destination address is wrong.
    RINVDSTADR = 0x0B;
    /// The message id is wrong.
    RINVMSGID = 0x0C;
    /// The bind failed.
    RBINDFAIL = 0x0D;
    /// The password is wrong.
    RINVPASWD = 0x0E;
    /// The system id is wrong.
    RINVSYSID = 0x0F;
    /// The message could not be cancelled.
    RCANCELFAIL = 0x11;
    /// The message could not be replaced.
    RREPLACEFAIL = 0x13;
    /// The queue of messages is full.
    RMSGQFUL = 0x14;
    /// The service type is wrong.
    RINVSERTYP = 0x15;
    /// The number of destinations is wrong.
    RINVNUMDESTS = 0x33;
    /// The name of the distribution list is wrong.
    RINVDLNAME = 0x34;
    /// The destination flag is wrong.
    RINVDESTFLAG = 0x40;
    /// Submit with replace was asked wrongly.
    RINVSUBREP = 0x42;
    /// The `esm_class` is wrong.
    RINVESMCLASS = 0x43;
    /// Submitting to the distribution list failed.
    RCNTSUBDL = 0x44;
    /// Submitting failed.
    RSUBMITFAIL = 0x45;
    /// The type of number of the source is wrong.
    RINVSRCTON = 0x48;
    /// The numbering plan of the source is wrong.
    RINVSRCNPI = 0x49;
    /// The type of number of the destination is wrong.
    RINVDSTTON = 0x50;
    /// The numbering plan of the destination is wrong.
    RINVDSTNPI = 0x51;
    /// The system type is wrong.
    RINVSYSTYP = 0x53;
    /// The replace flag is wrong.
    RINVREPFLAG = 0x54;
    /// The number of messages is wrong.
    RINVNUMMSGS = 0x55;
    /// Slow down: more than the allowed rate.
    RTHROTTLED = 0x58;
    /// The scheduled time is wrong.
    RINVSCHED = 0x61;
    /// The validity period is wrong.
    RINVEXPIRY = 0x62;
    /// The id of the canned message is wrong.
    RINVDFTMSGID = 0x63;
    /// The receiver cannot take it now; try again.
    RX_T_APPN = 0x64;
    /// The receiver will never take it.
    RX_P_APPN = 0x65;
    /// The receiver refuses the message.
    RX_R_APPN = 0x66;
    /// `query_sm` failed.
    RQUERYFAIL = 0x67;
    /// The optional part of the PDU is wrong.
    RINVOPTPARSTREAM = 0xC0;
    /// An optional parameter is not allowed.
    ROPTPARNOTALLWD = 0xC1;
    /// The length of a parameter is wrong.
    RINVPARLEN = 0xC2;
    /// An optional parameter is missing.
    RMISSINGOPTPARAM = 0xC3;
    /// The value of an optional parameter is wrong.
    RINVOPTPARAMVAL = 0xC4;
    /// Delivery failed.
    RDELIVERYFAILURE = 0xFE;
    /// Unknown error.
    RUNKNOWNERR = 0xFF;
}

impl CommandStatus {
    /// Whether it is [`CommandStatus::ROK`].
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for CommandStatus {
    /// `0x58 ESME_RTHROTTLED`, or the number alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04X}", self.0)?;
        self.name().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        assert_eq!(CommandStatus::RTHROTTLED.name(), Some("ESME_RTHROTTLED"));
        assert_eq!(CommandStatus(0x0E).name(), Some("ESME_RINVPASWD"));
        assert_eq!(CommandStatus(1375).name(), None);
        assert_eq!(CommandStatus::RTHROTTLED.to_string(), "0x58 ESME_RTHROTTLED");
        assert_eq!(CommandStatus(1375).to_string(), "0x55F");
        assert_eq!(CommandStatus(1).to_string(), "0x01 ESME_RINVMSGLEN");
        assert!(NAMED.is_sorted_by(|a, b| a < b));
    }
}
