//! `sig`: a hash over sorted parameters.
