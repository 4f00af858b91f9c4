//! The forms of this vendor's notices: those of the SMS API, and the two versions of the Messages API.

use whimbrel_core::NoticeForm;

/// Parameters, one notice a part: the SMS API.
pub(in super::super) const SMS: NoticeForm = NoticeForm(0);
/// Version 1 of the Messages API.
pub(in super::super) const V1: NoticeForm = NoticeForm(1);
/// Version 0.1 of the Messages API.
pub(in super::super) const V01: NoticeForm = NoticeForm(2);

/// The form that a version's name stands for.
pub(in super::super) fn of_version(version: Option<&str>) -> Option<NoticeForm> {
    match version? {
        "v1" => Some(V1),
        "v0.1" => Some(V01),
        _ => None,
    }
}
