//! JSON web tokens, as their users and their enemies send them.

#![cfg(feature = "jwt")]

mod application;
mod forge;
mod hostile;
mod keys;
mod webhook;
