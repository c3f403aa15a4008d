//! SMS OTP (`sms-otp-authenticator`): a code sent to a telephone. The telephone network is a restricted authenticator (NIST
//! SP 800-63B-4 §3.1.3.3): offer another way beside it.

use vestibule_core::delivery::Channel;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Authenticator, Factor, Param, Sending, Spec};
use vestibule_core::user::User;

use crate::sent::{SentCode, masked_phone, told};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &SentCode {
    spec: &SPEC,
    code: "OTPcode",
    channel: Channel::Sms,
    address,
    told: sent,
    unreachable: "user.mobile.not.found",
};

static SPEC: Spec = Spec {
    name: "sms-otp-authenticator",
    display: "SMS OTP",
    i18n_key: "authenticator.sms.otp",
    summary: "A code sent to a telephone.",
    params: &[
        Param::USERNAME,
        Param { aliases: &["OTPCode", "otpCode", "code"], ..Param::secret("OTPcode", 1, "code.param", "Code") },
        Param::RESEND,
    ],
    factor: Some(Factor::Sms),
    identifier: Some("username"),
    sending: Some(Sending { resends: 3, exhausted: "resent.count.exceeded" }),
    tries: Some(5),
    ..Spec::PLAIN
};

fn address(user: &User) -> Option<&str> {
    user.profile.phone().map(|phone| phone.value.as_str())
}

/// As a first factor nothing is told.
fn sent(to: Option<&str>) -> Option<Message> {
    const KNOWN: &str = "The code is successfully sent to the mobile number: ";
    to.map(|to| told("SMSOTPSent", Some(("maskedMobileNumber", masked_phone(to))), (KNOWN, "")))
}
