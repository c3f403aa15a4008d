//! Email OTP (`email-otp-authenticator`): a code sent by email. It shows who reads the mail; it is no second factor of its
//! own (NIST SP 800-63B-4 §3.1.3).

use vestibule_core::delivery::Channel;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Authenticator, Factor, Param, Sending, Spec};
use vestibule_core::user::User;

use crate::sent::{SentCode, masked_email, told};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &SentCode {
    spec: &SPEC,
    code: "OTPCode",
    channel: Channel::Email,
    address,
    told: sent,
    unreachable: "user.email.not.found",
};

static SPEC: Spec = Spec {
    name: "email-otp-authenticator",
    display: "Email OTP",
    i18n_key: "authenticator.email.otp",
    summary: "A code sent by email.",
    params: &[
        Param::USERNAME,
        Param { aliases: &["OTPcode", "otpCode", "code"], ..Param::secret("OTPCode", 1, "code.param", "Code") },
        Param::RESEND,
    ],
    factor: Some(Factor::Email),
    identifier: Some("username"),
    sending: Some(Sending { resends: 3, exhausted: "resend.count.exceeded" }),
    tries: Some(5),
    ..Spec::PLAIN
};

fn address(user: &User) -> Option<&str> {
    user.profile.email().map(|email| email.value.as_str())
}

fn sent(to: Option<&str>) -> Option<Message> {
    const KNOWN: &str = "The code is successfully sent to the email ID: ";
    const UNKNOWN: &str = "If the account has an email address, a code was sent to it.";
    Some(told("EmailOTPSent", to.map(|to| ("maskedEmail", masked_email(to))), (KNOWN, UNKNOWN)))
}
