//! `oauth1`: vectors of RFC 5849 and others, what is accepted and refused, and properties.

mod accepted;
mod vectors;
