//! The Messages API: `POST /v1/messages`, and its status and inbound webhooks.

pub(super) mod form;
