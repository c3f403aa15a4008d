//! What holds for all bytes.

use proptest::prelude::*;

use super::*;

/// One byte of a member of the response changed.
fn flipped(answer: &Value, name: &str, place: usize, mask: u8) -> Value {
    let mut bytes = part(answer, name);
    let place = place % bytes.len();
    bytes[place] ^= mask;
    with_part(answer, name, &bytes)
}

proptest! {
    #[test]
    fn a_proof_with_any_byte_changed_is_refused(
        name in prop::sample::select(&["clientDataJSON", "authenticatorData", "signature"][..]),
        kind in prop::sample::select(&[Kind::Es256, Kind::Es384, Kind::EdDsa][..]),
        place: usize,
        mask in 1..=u8::MAX,
    ) {
        let key = key(kind);
        let (enrolled, answer) = (enrolled(&key), key.get(&challenge()));
        prop_assert!(proved(&enrolled, &answer).is_ok());
        prop_assert!(proved(&enrolled, &flipped(&answer, name, place, mask)).is_err());
    }

    #[test]
    fn a_creation_that_signed_for_itself_with_any_byte_changed_is_refused(
        kind in prop::sample::select(&[Kind::Es256, Kind::Es384, Kind::EdDsa][..]),
        of_client: bool,
        place: usize,
        mask in 1..=u8::MAX,
    ) {
        let mut key = key(kind);
        key.format = "packed".to_owned();
        let answer = key.create(&challenge());
        prop_assert!(created(&answer).is_ok());
        let changed = if of_client {
            flipped(&answer, "clientDataJSON", place, mask)
        } else {
            with_attestation(&answer, "authData", |data| {
                let data = data.as_bytes_mut().unwrap();
                let place = place % data.len();
                data[place] ^= mask;
            })
        };
        prop_assert!(created(&changed).is_err());
    }

    #[test]
    fn no_bytes_prove_or_make_anything_by_chance(bytes: Vec<u8>, data in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = SoftKey::seeded([3; 32], RP, ORIGIN);
        let (creation, proof) = (key.create(&challenge()), key.get(&challenge()));
        let enrolled = enrolled(&key);
        prop_assert_eq!(created(&with_part(&creation, "attestationObject", &bytes)), Err(Flaw::Malformed));
        prop_assert_eq!(created(&with_part(&creation, "clientDataJSON", &bytes)), Err(Flaw::Malformed));
        prop_assert!(created(&with_attestation(&creation, "authData", |old| *old = Cbor::Bytes(data.clone()))).is_err());
        prop_assert!(proved(&enrolled, &with_part(&proof, "authenticatorData", &data)).is_err());
        // A tail after the flags and the counter that the authenticator never wrote.
        let known = part(&proof, "authenticatorData");
        let tail = [&known[..32], &[0xc5], &[0; 4], &[0; 16], &data].concat();
        prop_assert!(proved(&enrolled, &with_part(&proof, "authenticatorData", &tail)).is_err());
        prop_assert_eq!(proved(&enrolled, &with_part(&proof, "signature", &bytes)), Err(Flaw::Signature));
    }
}
