//! Answers to `navigator.credentials.create`.

use super::*;
use crate::passkey::softkey::ATTESTED;

#[test]
fn a_right_answer_of_every_algorithm_makes_a_passkey() {
    for kind in ALL {
        for format in ["none", "packed"] {
            let mut key = key(kind);
            key.format = format.to_owned();
            let made = created(&key.create(&challenge())).unwrap();
            assert_eq!(made.id, base64url(&key.id), "{kind:?} {format}");
            assert_eq!(made.rp_id, RP);
        }
    }
}

#[test]
fn everything_that_is_fine_is_accepted() {
    for (number, change) in RIGHT.iter().enumerate() {
        for format in ["none", "packed"] {
            let mut key = key(Kind::Es256);
            key.format = format.to_owned();
            change(&mut key);
            assert!(created(&key.create(&challenge())).is_ok(), "{number} {format}");
        }
    }
}

#[test]
fn a_passkey_is_told_as_it_is() {
    let mut key = key(Kind::EdDsa);
    let made = enrolled(&key);
    assert_eq!((made.aaguid, made.discoverable, made.backed_up), (None, false, true));
    assert_eq!(made.transports, ["internal", "hybrid"]);

    key.aaguid = *b"0123456789abcdef";
    key.discoverable = Some(true);
    key.flags &= !BACKED_UP;
    key.counter = 3;
    key.transports = ["usb", "carrier-pigeon", "ble", "usb"].map(str::to_owned).into();
    let made = enrolled(&key);
    assert_eq!(made.aaguid.as_deref(), Some("30313233-3435-3637-3839-616263646566"));
    assert_eq!((made.discoverable, made.backed_up), (true, false));
    assert_eq!(made.transports, ["usb", "ble"]);
    assert_eq!(made.record["counter"], 3);
    assert_eq!(made.record["backup_eligible"], true);

    key.discoverable = Some(false);
    assert!(!enrolled(&key).discoverable);
}

#[test]
fn every_wrong_answer_has_its_flaw() {
    for (number, (flaw, change)) in WRONG.iter().enumerate() {
        let mut key = key(Kind::Es256);
        change(&mut key);
        assert_eq!(created(&key.create(&challenge())), Err(*flaw), "{number}");
    }
}

#[test]
fn a_proof_is_no_creation() {
    let mut key = key(Kind::Es256);
    key.kind = Some("webauthn.get".to_owned());
    assert_eq!(created(&key.create(&challenge())), Err(Flaw::Type));
    assert_eq!(created(&key.get(&challenge())), Err(Flaw::Malformed));
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let key = key(Kind::Es256);
    for other in [base64url(&[8; 32]), base64url(&QUESTION[..31]), String::new(), "?".to_owned()] {
        assert_eq!(created(&key.create(&other)), Err(Flaw::Challenge), "{other}");
    }
    assert!(created(&key.create(&format!("{}=", challenge()))).is_ok());
}

#[test]
fn a_user_need_not_be_verified_unless_asked() {
    let mut key = key(Kind::Es256);
    key.flags &= !VERIFIED;
    let answer = key.create(&challenge());
    assert!(Verifier.created(&party(), &asked(false), &answer).is_ok());
    assert_eq!(created(&answer), Err(Flaw::Verification));
}

// Checklist 49.
#[test]
fn algorithms_that_were_not_asked_for_are_refused() {
    // ES512, PS256, RS512, ES256K, RS1.
    for other in [-36, -37, -259, -47, -65535] {
        let mut key = key(Kind::Es256);
        key.algorithm = Some(other);
        assert_eq!(created(&key.create(&challenge())), Err(Flaw::Algorithm), "{other}");
    }
}

#[test]
fn a_key_that_does_not_fit_its_algorithm_is_malformed() {
    for (kind, other) in
        [(Kind::Es256, -35), (Kind::Es384, -7), (Kind::EdDsa, -7), (Kind::Es256, -8), (Kind::Es256, -257)]
    {
        let mut key = key(kind);
        key.algorithm = Some(other);
        assert_eq!(created(&key.create(&challenge())), Err(Flaw::Malformed), "{kind:?} {other}");
    }
}

#[test]
fn a_point_beside_the_curve_is_malformed() {
    let answer = key(Kind::Es256).create(&challenge());
    let beside = with_attestation(&answer, "authData", |data| *data.as_bytes_mut().unwrap().last_mut().unwrap() ^= 1);
    assert_eq!(created(&beside), Err(Flaw::Malformed));
}

#[test]
fn an_answer_that_names_another_credential_is_refused() {
    for name in ["id", "rawId"] {
        let mut answer = key(Kind::Es256).create(&challenge());
        answer[name] = base64url(b"other").into();
        assert_eq!(created(&answer), Err(Flaw::Credential), "{name}");
    }
    let mut answer = key(Kind::Es256).create(&challenge());
    answer["id"] = base64url(b"other").into();
    answer["rawId"] = base64url(b"other").into();
    assert_eq!(created(&answer), Err(Flaw::Credential));
}

#[test]
fn ids_have_a_length() {
    let mut key = key(Kind::Es256);
    for (length, fine) in [(0, false), (1, true), (1023, true), (1024, false)] {
        key.id = vec![5; length];
        assert_eq!(created(&key.create(&challenge())).err(), (!fine).then_some(Flaw::Malformed), "{length}");
    }
}

#[test]
fn a_statement_that_the_passkey_signed_has_to_hold() {
    let mut key = key(Kind::Es256);
    key.format = "packed".to_owned();
    let answer = key.create(&challenge());
    let counted = with_attestation(&answer, "authData", |data| data.as_bytes_mut().unwrap()[36] ^= 1);
    assert_eq!(created(&counted), Err(Flaw::Signature));

    let other = super::key(Kind::Es256).create(&challenge());
    let borrowed = with_attestation(&answer, "authData", |data| {
        let other: Cbor = ciborium::from_reader(part(&other, "attestationObject").as_slice()).unwrap();
        *data = other.into_map().unwrap().pop().unwrap().1;
    });
    let borrowed = json!({ "id": other["id"], "type": "public-key", "response": borrowed["response"] });
    assert_eq!(created(&borrowed), Err(Flaw::Signature));

    let renamed = with_attestation(&answer, "attStmt", |statement| statement.as_map_mut().unwrap()[0].1 = (-35).into());
    assert_eq!(created(&renamed), Err(Flaw::Algorithm));
    for missing in [0, 1] {
        let without = with_attestation(&answer, "attStmt", |statement| {
            statement.as_map_mut().unwrap().remove(missing);
        });
        assert_eq!(created(&without), Err(Flaw::Malformed));
    }
}

#[test]
fn statements_of_makers_are_passed_over() {
    for format in ["fido-u2f", "tpm", "apple", "android-key", "compound"] {
        let mut key = key(Kind::Es256);
        key.format = format.to_owned();
        assert!(created(&key.create(&challenge())).is_ok(), "{format}");
    }
    let mut key = key(Kind::Es256);
    key.format = "packed".to_owned();
    let answer = with_attestation(&key.create(&challenge()), "attStmt", |statement| {
        *statement = Cbor::Map(vec![("x5c".into(), Cbor::Array(vec![Cbor::Bytes(vec![0x30])]))]);
    });
    assert!(created(&answer).is_ok());
}

#[test]
fn no_statement_is_an_empty_one() {
    let answer = key(Kind::Es256).create(&challenge());
    let full = with_attestation(&answer, "attStmt", |statement| *statement = Cbor::Map(vec![("a".into(), 1.into())]));
    assert_eq!(created(&full), Err(Flaw::Malformed));
    let list = with_attestation(&answer, "attStmt", |statement| *statement = Cbor::Array(Vec::new()));
    assert_eq!(created(&list), Err(Flaw::Malformed));
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let answer = key(Kind::Es256).create(&challenge());
    for (number, answer) in unreadable(&answer).iter().enumerate() {
        assert_eq!(created(answer), Err(Flaw::Malformed), "{number}: {answer}");
    }
    let object = part(&answer, "attestationObject");
    for cut in 0..object.len() {
        assert_eq!(created(&with_part(&answer, "attestationObject", &object[..cut])), Err(Flaw::Malformed), "{cut}");
    }
    let longer = [object.as_slice(), &[0]].concat();
    assert_eq!(created(&with_part(&answer, "attestationObject", &longer)), Err(Flaw::Malformed));
    let without = with_attestation(&answer, "authData", |data| {
        let data = data.as_bytes_mut().unwrap();
        data.truncate(37);
        data[32] &= !ATTESTED;
    });
    assert_eq!(created(&without), Err(Flaw::Malformed));
}

#[test]
fn members_that_apps_leave_out_may_be_absent() {
    let mut answer = key(Kind::Es256).create(&challenge());
    assert!(created(&padded(&answer)).is_ok());
    for name in ["rawId", "authenticatorAttachment", "clientExtensionResults"] {
        answer.as_object_mut().unwrap().remove(name);
    }
    answer["response"].as_object_mut().unwrap().remove("transports");
    let made = created(&answer).unwrap();
    assert_eq!((made.discoverable, made.transports), (false, Vec::new()));
}
