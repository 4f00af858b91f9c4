//! `nexmo`: vectors, what is accepted and refused, properties, and planted mistakes.

mod accepted;
mod support;
mod table;
mod vectors;
