//! OAuth 1.0a: three steps to a token, and requests that it signs.
//!
//! Follows RFC 5849 at the vendor's own paths, `/oauth/request_token`, `/oauth/authorize` and `/oauth/access_token`; the vendor left
//! it out of its documentation in February 2019. Who grants proves itself on a page of ours by the account's key and secret.

mod delegated;
mod page;
mod read;
mod render;

pub(super) use delegated::{claim, is_signed};
pub(super) use read::read;
pub(super) use render::render;

use crate::Reply;

/// The low octet of [`Reply::page`] where a person is answered, not a program.
const PAGE: u16 = 2;

fn for_a_person(reply: Reply) -> Reply {
    Reply { page: reply.page & !0xff | PAGE, ..reply }
}

const fn is_page(reply: &Reply) -> bool {
    reply.page & 0xff == PAGE
}
