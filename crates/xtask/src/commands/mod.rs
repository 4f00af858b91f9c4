//! One file for each command.

pub mod bench;
pub mod chaosproxy;
pub mod checkload;
pub mod ci;
pub mod compare;
pub mod crashloop;
pub mod crashstates;
pub mod dissect;
pub mod evidence;
pub mod fsyncfail;
pub mod fuzz;
pub mod guesses;
pub mod hostile;
pub mod install;
pub mod load;
pub mod packages;
pub mod powercut;
pub mod properties;
pub mod rotate;
pub mod sdks;
pub mod signers;
pub mod sim;
pub mod sink;
pub mod test;
pub mod throttled;
pub mod tidy;
