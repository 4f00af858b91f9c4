//! Reading what carriers send, writing what they must understand.
