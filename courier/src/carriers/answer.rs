//! What an HTTP provider's answer means, where the provider says nothing more exact.

use std::time::Duration;

use vestibule_core::ports::Web;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};

use super::Undelivered;

/// Sends a request; no answer is a reason to come back.
///
/// # Errors
/// There was no answer.
pub(super) async fn ask(web: &dyn Web, request: WebRequest) -> Result<WebAnswer, Undelivered> {
    web.fetch(request).await.map_err(|failure| {
        Undelivered::temporary(match failure {
            WebFailure::Forbidden(_) => "the address of the provider may not be called".to_owned(),
            WebFailure::Unreachable(why) => format!("the provider cannot be reached: {why}"),
            WebFailure::TooLarge => "the answer of the provider is too large".to_owned(),
        })
    })
}

/// What a status means (RFC 9110 §15). What the operator can mend (credentials, a wrong address, a redirect) is temporary:
/// the letter is not at fault.
///
/// # Errors
/// It is no success.
pub(super) fn judge(answer: &WebAnswer) -> Result<(), Undelivered> {
    let reason = format!("HTTP {}", answer.status);
    match answer.status {
        200..=299 => Ok(()),
        400 | 404..=407 | 410..=424 | 426..=428 | 430..=499 => Err(Undelivered::Permanent { reason }),
        _ => Err(later(answer, reason)),
    }
}

/// A reason to come back, at the time that the answer names.
pub(super) fn later(answer: &WebAnswer, reason: String) -> Undelivered {
    Undelivered::Temporary { after: answer.retry_after.map(Duration::from_secs), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_can_mend_is_temporary_and_what_the_letter_is_guilty_of_is_not() {
        let judged = |status| judge(&WebAnswer { status, retry_after: Some(7), body: Vec::new() });
        for status in [301, 401, 403, 408, 409, 425, 429, 500, 503] {
            let reason = format!("HTTP {status}");
            assert_eq!(judged(status), Err(Undelivered::Temporary { after: Some(Duration::from_secs(7)), reason }));
        }
        for status in [400, 404, 410, 413, 422] {
            assert_eq!(judged(status), Err(Undelivered::permanent(format!("HTTP {status}"))));
        }
        assert_eq!(judged(202), Ok(()));
    }
}
