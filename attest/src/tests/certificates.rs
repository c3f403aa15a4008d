//! Chains of certificates, by the example of an Android device.

use std::time::Duration;

use vestibule_core::ports::attest::{AndroidAsked, Flaw, Level};
use vestibule_core::ports::{Attestors as _, Timestamp};

use super::{CHALLENGE, NOW, PACKAGE, SIGNER};
use crate::forge::{Forge, Paper};

/// What comes of a chain at a moment after `change`, and after `edit` of the finished chain.
fn outcome(now: Timestamp, change: impl FnOnce(&mut Paper), edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Result<(), Flaw> {
    let forge = Forge::new(NOW);
    let mut phone = forge.android(PACKAGE, SIGNER);
    change(&mut phone.paper);
    let mut chain = phone.chain(CHALLENGE);
    edit(&mut chain);
    let asked = AndroidAsked {
        challenge: CHALLENGE,
        package: PACKAGE,
        signers: &[SIGNER],
        level: Level::TrustedEnvironment,
        now,
    };
    forge.attestor().android_key(&chain, &asked).map(|_| ())
}

fn written(change: impl FnOnce(&mut Paper)) -> Result<(), Flaw> {
    outcome(NOW, change, |_| ())
}

fn edited(edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Result<(), Flaw> {
    outcome(NOW, |paper| paper.has_root = true, edit)
}

#[test]
fn a_chain_leads_to_the_root_by_signatures_of_authorities() {
    assert_eq!(written(|_| ()), Ok(()));
    assert_eq!(written(|paper| paper.is_resigned = true), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.is_foreign = true), Err(Flaw::Chain));
    assert_eq!(written(|paper| (paper.is_foreign, paper.has_root) = (true, true)), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.is_layman = true), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.may_not_sign = true), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.detours = 1), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.is_strange = true), Err(Flaw::Chain));
    assert_eq!(written(|paper| paper.is_reversed = true), Err(Flaw::Chain));
}

#[test]
fn the_certificates_of_authorities_have_their_time() {
    let year = Duration::from_secs(86_400 * 365);
    let second = Duration::from_secs(1);
    let at = |now| outcome(now, |_| (), |_| ());
    assert_eq!(at(NOW - year), Ok(()));
    assert_eq!(at(NOW - year - second), Err(Flaw::Expired));
    assert_eq!(at(NOW + year), Ok(()));
    assert_eq!(at(NOW + year + second), Err(Flaw::Expired));
    let until = |until| written(|paper| paper.middle_until = until);
    assert_eq!(until(NOW), Ok(()));
    assert_eq!(until(NOW - second), Err(Flaw::Expired));
    // The last second that is written with two digits of the year, the first of four, and two before the epoch.
    assert_eq!(until(Timestamp::from_seconds(2_524_607_999)), Ok(()));
    assert_eq!(until(Timestamp::from_seconds(2_524_608_000)), Ok(()));
    assert_eq!(until(Timestamp::from_seconds(-631_152_000)), Err(Flaw::Expired));
    assert_eq!(until(Timestamp::from_seconds(-631_152_001)), Err(Flaw::Expired));
}

#[test]
fn the_clock_of_a_device_does_not_count() {
    let (past, future) = (Timestamp::from_seconds(0), NOW + Duration::from_secs(86_400 * 365));
    assert_eq!(written(|paper| (paper.from, paper.until) = (past, past)), Ok(()));
    assert_eq!(written(|paper| (paper.from, paper.until) = (future, future)), Ok(()));
}

#[test]
fn a_root_counts_by_its_key_alone() {
    let years = Duration::from_secs(86_400 * 365 * 40);
    let change = |paper: &mut Paper| {
        (paper.has_root, paper.middle_until) = (true, NOW + years * 2);
    };
    assert_eq!(outcome(NOW + years, change, |_| ()), Ok(()));
}

#[test]
fn a_chain_has_no_gaps_and_no_strangers() {
    assert_eq!(edited(|_| ()), Ok(()));
    assert_eq!(edited(|chain| chain.truncate(1)), Err(Flaw::Chain));
    assert_eq!(edited(|chain| chain.swap(1, 2)), Err(Flaw::Chain));
    assert_eq!(edited(|chain| chain.push(chain[2].clone())), Err(Flaw::Chain));
    assert_eq!(edited(|chain| chain.push(chain[0].clone())), Err(Flaw::Chain));
    assert_eq!(edited(|chain| chain[2] = chain[0].clone()), Err(Flaw::Chain));
    assert_eq!(edited(Vec::clear), Err(Flaw::NotAnAttestation));
    assert_eq!(edited(|chain| chain.resize(9, Vec::new())), Err(Flaw::NotAnAttestation));
    // An authority's certificate is about no key of an app.
    assert_eq!(edited(|chain| drop(chain.remove(0))), Err(Flaw::NotAnAttestation));
    assert_eq!(edited(|chain| drop(chain.drain(..2))), Err(Flaw::NotAnAttestation));
}

#[test]
fn a_certificate_is_read_whole_or_not_at_all() {
    assert_eq!(edited(|chain| chain[0].push(0)), Err(Flaw::NotAnAttestation));
    assert_eq!(edited(|chain| chain[0].truncate(40)), Err(Flaw::NotAnAttestation));
    assert_eq!(edited(|chain| chain[1].insert(0, 0x30)), Err(Flaw::NotAnAttestation));
}

#[test]
fn no_bit_of_a_certificate_is_of_no_account() {
    let forge = Forge::new(NOW);
    let attestor = forge.attestor();
    let chain = forge.android(PACKAGE, SIGNER).chain(CHALLENGE);
    let asked = AndroidAsked {
        challenge: CHALLENGE,
        package: PACKAGE,
        signers: &[SIGNER],
        level: Level::TrustedEnvironment,
        now: NOW,
    };
    for (which, certificate) in chain.iter().enumerate() {
        for place in 0..certificate.len() {
            let mut broken = chain.clone();
            broken[which][place] ^= 1 << (place % 8);
            assert!(attestor.android_key(&broken, &asked).is_err(), "certificate {which}, byte {place}");
        }
    }
}
