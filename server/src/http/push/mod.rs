//! Push notifications over HTTP, in the shapes that shipped apps know: the signed-in user's devices below
//! `/api/users/v1/me/push`, and what devices and waiting apps say below `/push-auth`.

mod answers;
mod devices;

pub(super) use answers::{AnswerBody, SignedBody, StatusBody, answer, change_itself, remove_itself, status};
pub(super) use devices::{
    DeviceBody, DeviceEditBody, NewDeviceBody, TicketBody, change, enrol, list, remove, show, ticket,
};
