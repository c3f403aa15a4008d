//! Answers to `navigator.credentials.get`.

use super::*;

#[test]
fn a_right_answer_of_every_algorithm_proves() {
    for kind in ALL {
        let key = key(kind);
        let enrolled = enrolled(&key);
        assert_eq!(proved(&enrolled, &key.get(&challenge())).as_ref(), Ok(&enrolled), "{kind:?}");
    }
}

#[test]
fn everything_that_is_fine_is_accepted() {
    for (number, change) in RIGHT.iter().enumerate() {
        let mut key = key(Kind::EdDsa);
        let enrolled = enrolled(&key);
        change(&mut key);
        key.user_handle = Some(b"user".to_vec());
        assert!(proved(&enrolled, &key.get(&challenge())).is_ok(), "{number}");
    }
}

// Checklist 49.
#[test]
fn every_wrong_answer_has_its_flaw() {
    for (number, (flaw, change)) in WRONG.iter().enumerate() {
        let mut key = key(Kind::Es256);
        let enrolled = enrolled(&key);
        change(&mut key);
        assert_eq!(proved(&enrolled, &key.get(&challenge())), Err(*flaw), "{number}");
    }
}

#[test]
fn a_creation_is_no_proof() {
    let mut key = key(Kind::Es256);
    let enrolled = enrolled(&key);
    key.kind = Some("webauthn.create".to_owned());
    assert_eq!(proved(&enrolled, &key.get(&challenge())), Err(Flaw::Type));
    assert_eq!(proved(&enrolled, &key.create(&challenge())), Err(Flaw::Malformed));
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let key = key(Kind::Es256);
    let enrolled = enrolled(&key);
    assert_eq!(proved(&enrolled, &key.get(&base64url(&[8; 32]))), Err(Flaw::Challenge));
}

#[test]
fn a_user_need_not_be_verified_unless_asked() {
    let mut key = key(Kind::Es256);
    let enrolled = enrolled(&key);
    key.flags &= !VERIFIED;
    let answer = key.get(&challenge());
    assert!(Verifier.proved(&party(), &asked(false), &enrolled, &answer).is_ok());
    assert_eq!(proved(&enrolled, &answer), Err(Flaw::Verification));
}

#[test]
fn a_passkey_serves_its_own_relying_party_only() {
    let key = key(Kind::Es256);
    let enrolled = PasskeyKey { rp_id: "other.example".to_owned(), ..enrolled(&key) };
    assert_eq!(proved(&enrolled, &key.get(&challenge())), Err(Flaw::RelyingParty));
}

#[test]
fn an_answer_of_another_passkey_is_refused() {
    let (mut key, other) = (key(Kind::Es256), key(Kind::Es256));
    let enrolled = enrolled(&key);
    assert_eq!(proved(&enrolled, &other.get(&challenge())), Err(Flaw::Credential));

    // It names the right one and was signed by another.
    let mut forged = other.get(&challenge());
    forged["id"] = enrolled.id.clone().into();
    assert_eq!(proved(&enrolled, &forged), Err(Flaw::Credential));
    forged["rawId"] = enrolled.id.clone().into();
    assert_eq!(proved(&enrolled, &forged), Err(Flaw::Signature));

    key.id = b"renamed".to_vec();
    assert_eq!(proved(&enrolled, &key.get(&challenge())), Err(Flaw::Credential));
}

#[test]
fn a_signature_has_to_hold_whatever_its_form() {
    for kind in ALL {
        let key = key(kind);
        let (enrolled, answer) = (enrolled(&key), key.get(&challenge()));
        let other = part(&key.get(&base64url(&[8; 32])), "signature");
        for signature in [&[][..], &[0], &[0; 64], &[0x30, 6, 2, 1, 0, 2, 1, 0], &other] {
            let answer = with_part(&answer, "signature", signature);
            assert_eq!(proved(&enrolled, &answer), Err(Flaw::Signature), "{kind:?} {}", signature.len());
        }
    }
}

// Checklist 50.
#[test]
fn counters_only_go_up() {
    let mut key = key(Kind::Es256);
    for (stored, sent, fine) in
        [(0, 0, true), (0, 1, true), (5, 6, true), (5, u32::MAX, true), (5, 5, false), (5, 4, false), (5, 0, false)]
    {
        key.counter = stored;
        let enrolled = enrolled(&key);
        key.counter = sent;
        let outcome = proved(&enrolled, &key.get(&challenge()));
        match outcome {
            Ok(after) => assert!(fine && after.record["counter"] == sent, "{stored} {sent}"),
            Err(flaw) => assert!(!fine && flaw == Flaw::Counter, "{stored} {sent} {flaw:?}"),
        }
    }
}

#[test]
fn a_counter_that_went_back_is_told_only_of_what_is_signed() {
    let mut key = key(Kind::Es256);
    key.counter = 5;
    let enrolled = enrolled(&key);
    let answer = with_part(&key.get(&challenge()), "signature", &[0]);
    assert_eq!(proved(&enrolled, &answer), Err(Flaw::Signature));
}

#[test]
fn backups_come_and_go_but_what_may_be_backed_up_stays() {
    let mut key = key(Kind::Es256);
    let synchronised = enrolled(&key);
    key.flags &= !BACKED_UP;
    let after = proved(&synchronised, &key.get(&challenge())).unwrap();
    assert_eq!(after, PasskeyKey { backed_up: false, ..synchronised.clone() });
    key.flags |= BACKED_UP;
    assert_eq!(proved(&after, &key.get(&challenge())), Ok(synchronised.clone()));

    key.flags &= !(BACKED_UP | BACKUP_ELIGIBLE);
    assert_eq!(proved(&synchronised, &key.get(&challenge())), Err(Flaw::Backup));
    let bound = enrolled(&key);
    assert!(!bound.backed_up && proved(&bound, &key.get(&challenge())).is_ok());
    key.flags |= BACKUP_ELIGIBLE;
    assert_eq!(proved(&bound, &key.get(&challenge())), Err(Flaw::Backup));
}

#[test]
fn a_record_that_another_hand_wrote_proves_nothing() {
    let key = key(Kind::Es256);
    let (enrolled, answer) = (enrolled(&key), key.get(&challenge()));
    let with = |record: Value| PasskeyKey { record, ..enrolled.clone() };
    let mut more = enrolled.record.clone();
    more["more"] = 1.into();
    for record in [Value::Null, json!({}), more] {
        assert_eq!(proved(&with(record), &answer), Err(Flaw::Malformed));
    }
    let of = |key: &str| json!({ "key": key, "counter": 0, "backup_eligible": true });
    assert_eq!(proved(&with(of("?")), &answer), Err(Flaw::Malformed));
    assert_eq!(proved(&with(of("")), &answer), Err(Flaw::Malformed));
    let old = cbor(&Cbor::Map(vec![(1.into(), 3.into()), (3.into(), (-65535).into())]));
    assert_eq!(proved(&with(of(&base64url(&old))), &answer), Err(Flaw::Algorithm));
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let key = key(Kind::Es256);
    let (enrolled, answer) = (enrolled(&key), key.get(&challenge()));
    for (number, answer) in unreadable(&answer).iter().enumerate() {
        assert_eq!(proved(&enrolled, answer), Err(Flaw::Malformed), "{number}: {answer}");
    }
    let data = part(&answer, "authenticatorData");
    for cut in 0..data.len() {
        assert_eq!(proved(&enrolled, &with_part(&answer, "authenticatorData", &data[..cut])), Err(Flaw::Malformed));
    }
}

#[test]
fn members_that_apps_leave_out_may_be_absent() {
    let key = key(Kind::Es256);
    let (enrolled, mut answer) = (enrolled(&key), key.get(&challenge()));
    assert!(proved(&enrolled, &padded(&answer)).is_ok());
    for name in ["rawId", "authenticatorAttachment", "clientExtensionResults"] {
        answer.as_object_mut().unwrap().remove(name);
    }
    assert!(proved(&enrolled, &answer).is_ok());
}

#[test]
fn a_seeded_passkey_repeats_itself() {
    let [first, second] = [1, 1].map(|seed| SoftKey::seeded([seed; 32], RP, ORIGIN));
    assert_eq!(first.create(&challenge()), second.create(&challenge()));
    assert_eq!(first.get(&challenge()), second.get(&challenge()));
    assert!(proved(&enrolled(&first), &second.get(&challenge())).is_ok());
}
