//! Google's Play Integrity (<https://developer.android.com/google/play/integrity/verdicts>): what Play says about the app,
//! the device and the request that a token was made for. Law: one judgement for tokens opened here and for payloads that
//! Google opened; the latter's caller answers for having asked Google.

mod sealed;
mod verdict;

pub use sealed::open;
pub use verdict::judge;
