//! The pages: what is to be shown goes in as plain values, HTML comes out, with every style and script that it needs.
//!
//! Pure: no store, no request, no clock. Nothing here decides who may see what; `whimbrel` does, before it fills a page.
//! A page is a struct with a template beside it, and holds a [`Frame`]: what stands around every page. Whatever a template shows is
//! escaped by askama unless it is [`markup`] of ours, so a text can hold anything.

pub mod accounts;
pub mod assets;
pub mod chart;
pub mod document;
pub mod faults;
pub mod frame;
pub mod inbox;
pub mod links;
pub mod login;
pub mod message;
pub mod notice;
pub mod operations;
pub mod phones;
pub mod reference;
pub mod ruler;
pub mod share;
pub mod shown;
pub mod text;
pub mod webhooks;
pub mod wire;

pub use askama::Template;
pub use frame::{Flash, FlashKind, Frame, Mode, Role, Section, Theme, Viewer};
pub use links::Links;
