//! One file for each command.

pub mod ci;
pub mod fuzz;
pub mod install;
pub mod test;
pub mod tidy;
