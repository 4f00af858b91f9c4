//! Why a token is not accepted.
