//! The schemes against hashes that other programs made: Python's hashlib, bcrypt, passlib and argon2-cffi.

use std::sync::Arc;

use argon2::Params;
use vestibule_core::ports::{PasswordHash, Secret, Verdict};

use super::super::bench::Bench;
use super::super::phc::TAG;
use super::super::stored::{Stored, adopt};
use crate::world::SystemEntropy;

const PASSWORD: &str = "correct horse battery";

/// Hashes of [`PASSWORD`] as they are kept.
const KEPT: &[&str] = &[
    "$2a$04$xTwjUiSbxwbe/3yEPhHcPuwd7WfHK9b9OT67.THExPvhIPb2BUnEa",
    "$2b$04$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe",
    "$2y$04$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe",
    "$pbkdf2-sha1$i=1000$AAECAwQFBgcICQoLDA0ODw$yr+bZKkEnTtGf3f18VjXM5CIxT8",
    "$pbkdf2$i=1000$AAECAwQFBgcICQoLDA0ODw$yr+bZKkEnTtGf3f18VjXM5CIxT8=",
    "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$AhaeZ02AwPxykuhhDI8XvhQN8GKvmqM+qF6qvs/98I0",
    "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw==$AhaeZ02AwPxykuhhDI8XvhQN8GKvmqM.qF6qvs/98I0=",
    "$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$ToxFUi5y3fprZRW/V6CupR2uIDYfuy5rlsF9Z4E648lE68lw5lzmucru/HdPvmBJDSLroVh1Q2xCvjqd8NI/6Q",
    "$pbkdf2-sha256$1200$LwUAoJQSQuj9Xysl5DyHEA$gheiB6aDSN3BP9Dhyqv5nbe6bG4jQKpWlzVkM7xO1bc",
    "$scrypt$ln=5,r=8,p=1$0fr//x9jTElpTSmFsHYOAQ$CxsbCzRr0doZD85cbosYDmLYJM1OQha18Zo/sOZhsUQ",
    "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$5V+IyNOG7VdNqfEwku7fVRNmRq0SrjnsUA8hH2Zy59M",
    "{SSHA256}zaDaTIwfQlVG84Rv3HFDQ8Pm34Cn16f5Wp0txnI5RQwAAQIDBAUGBwgJCgsMDQ4P",
    "{SSHA512}oeVxGDbiEsat76VyjOGP1qD+/PC8qSsDbRWHTPJhbYSXZdBaRW/DCeK8MQWxOaQvVG7hm8HZgdr9ZYuICzZMEAABAgMEBQYHCAkKCwwNDg8=",
    "$argon2i$v=19$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$I/OuZ7IRe879f7euwYB0n9K+wSKanbBCBMKGjWOcIsM",
    "$argon2id$v=16$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MYuofsO413dnCozhjT26xZJP0WRD06s6",
];

/// Records of other servers with hashes of [`PASSWORD`], and the beginnings of their spellings.
const RECORDS: &[(&str, &str)] = &[
    (
        r#"{"algorithm": "SHA-256", "hash": "rSQ/tEJC1kNwz84eaerSeBbgkKkX3EB1kAOOplkIitY=", "salt": "/w8Cq1ZbT5xX9Yy0aGdF2A=="}"#,
        "{SSHA256}",
    ),
    (
        r#"{"algorithm": "SHA-512", "hash": "rBohPPtfgkXXqJqFjRYDRK+gMwZ6SQ812jbk99u009bYOXKqvfoSCgGF2ggDqOKfaf3i9OM4UO7EvM1pSS6pyQ==", "salt": "/w8Cq1ZbT5xX9Yy0aGdF2A=="}"#,
        "{SSHA512}",
    ),
    (
        r#"{"algorithm": "PBKDF2WithHmacSHA256", "hash": "aNQkvEsO7Mkc2vI5GLHl/QCkNiKVdO+4g3O0X7oys7c=", "salt": "/w8Cq1ZbT5xX9Yy0aGdF2A==", "iterations": 10000, "dkLength": 256}"#,
        "$pbkdf2-sha256$i=10000$",
    ),
    (
        r#"{"id": "f27826f7-6ec1-4283-822f-10e0c51a9089", "type": "password", "createdDate": 1690887741455, "secretData": "{\"value\": \"BZBmrIjdMM3XiRG1CROlqDydFRueLne8DK0hoKzsz03OT45a/fgvT4eFNlIn/apaM+3LrHiLduzF7J/lHaUbqg==\", \"salt\": \"AAECAwQFBgcICQoLDA0ODw==\", \"additionalParameters\": {}}", "credentialData": "{\"hashIterations\": 2000, \"algorithm\": \"pbkdf2\", \"additionalParameters\": {}}"}"#,
        "$pbkdf2$i=2000$",
    ),
    (
        r#"{"type": "password", "secretData": "{\"value\": \"LuA/wjJXySeOUqnNzTg4M3w7Mg3x4kh0WpajZMKnyeeIarsayaEYee0VpGN3/SPVl0GbuspoQSCbfMC2e1Dj5Q==\", \"salt\": \"AAECAwQFBgcICQoLDA0ODw==\"}", "credentialData": "{\"hashIterations\": 2750, \"algorithm\": \"pbkdf2-sha256\"}"}"#,
        "$pbkdf2-sha256$i=2750$",
    ),
    (
        r#"{"type": "password", "secretData": {"value": "+D2PMSChuy0483dIRxA58iMbkh8m9rMtWyn70/HYOIzu+HkmTS4vjtoEDupt6KuvW+n2WmHXB8zTaZFEzA22bQ==", "salt": "AAECAwQFBgcICQoLDA0ODw=="}, "credentialData": {"hashIterations": 2100, "algorithm": "pbkdf2-sha512"}}"#,
        "$pbkdf2-sha512$i=2100$",
    ),
    (
        r#"{"type": "password", "secretData": "{\"value\": \"tFWBGYVQWYldJs55Ny3C/FemDveHTqsi/Dpxz7sjU0Y=\", \"salt\": \"AAECAwQFBgcICQoLDA0ODw==\", \"additionalParameters\": {}}", "credentialData": "{\"hashIterations\": 5, \"algorithm\": \"argon2\", \"additionalParameters\": {\"hashLength\": [\"32\"], \"memory\": [\"7168\"], \"type\": [\"id\"], \"version\": [\"1.3\"], \"parallelism\": [\"1\"]}}"}"#,
        "$argon2id$v=19$m=7168,t=5,p=1$",
    ),
];

fn bench() -> Bench {
    Bench::new(Params::new(8, 1, 1, Some(TAG)).unwrap(), Arc::new(SystemEntropy))
}

fn verdict(hash: &PasswordHash, password: &str) -> Verdict {
    let stored = Stored::read(hash).unwrap();
    bench().verify(&Secret::new(password.to_owned()), Some(&stored)).unwrap()
}

fn adopted(text: &str) -> PasswordHash {
    adopt(text).unwrap_or_else(|why| panic!("{text}: {}", why.0))
}

// Checklist 8.
#[test]
fn hashes_of_other_programs_are_right_for_their_password_alone_and_made_anew() {
    for text in KEPT {
        let hash = adopted(text);
        assert_eq!(hash.0, *text);
        let Verdict::Right { rehash: Some(fresh) } = verdict(&hash, PASSWORD) else { panic!("{text} is not right") };
        assert!(fresh.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", fresh.0);
        assert_eq!(verdict(&fresh, PASSWORD), Verdict::Right { rehash: None });
        for other in ["correct horse batter", "correct horse battery ", "Correct horse battery", ""] {
            assert_eq!(verdict(&hash, other), Verdict::Wrong, "{text}: {other}");
        }
    }
}

#[test]
fn records_of_keycloak_and_wso2_are_spelled_as_hashes_are_kept() {
    for (record, beginning) in RECORDS {
        let hash = adopted(record);
        assert!(hash.0.starts_with(beginning), "{}", hash.0);
        assert!(matches!(verdict(&hash, PASSWORD), Verdict::Right { rehash: Some(_) }), "{}", hash.0);
        assert_eq!(verdict(&hash, "correct horse batter"), Verdict::Wrong, "{}", hash.0);
        assert_eq!(adopted(&hash.0), hash);
    }
}

#[test]
fn bcrypt_counts_seventy_two_bytes_as_its_makers_did() {
    let long = "$2b$04$15NuxJbxCFooRlowTdhXC.GpmNtpMi9TCjdq8fYXi1vzbWqloqvqy";
    let digits = "0123456789".repeat(8);
    assert!(matches!(verdict(&adopted(long), &digits), Verdict::Right { rehash: Some(_) }));
    assert_eq!(verdict(&adopted(long), &digits[..71]), Verdict::Wrong);
    let letters = "$2b$05$/RGrYnasnXWtJX1VCINSGele26V/.jGFfYd4U2kpD7vdXNbnD2Ig6";
    assert!(matches!(verdict(&adopted(letters), "pässwörd-№7"), Verdict::Right { rehash: Some(_) }));
    // The key is repeated to its length, so this would be the same one.
    assert_eq!(verdict(&adopted(KEPT[0]), &format!("{PASSWORD}\0{PASSWORD}")), Verdict::Wrong);
}

#[test]
fn what_costs_too_much_or_is_no_hash_is_refused_with_the_reason() {
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    let tag = "AhaeZ02AwPxykuhhDI8XvhQN8GKvmqM+qF6qvs/98I0";
    for (text, why) in [
        (String::new(), "its scheme is not known"),
        (PASSWORD.to_owned(), "its scheme is not known"),
        ("$1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV".to_owned(), "its scheme is not known"),
        ("$2x$04$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe".to_owned(), "its scheme is not known"),
        ("x".repeat(5000), "longer than"),
        (
            "$2b$17$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe".to_owned(),
            "its cost must be a number from 4 to 16",
        ),
        ("$2b$04$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG".to_owned(), "53 characters"),
        (format!("$pbkdf2-sha256$i=10000001${salt}${tag}"), "from 1 to 10000000"),
        (format!("$pbkdf2-sha256$i=0${salt}${tag}"), "from 1 to 10000000"),
        // Seven blocks of 20 bytes each take all the iterations.
        (format!("$pbkdf2-sha1$i=2000000${salt}${}", "A".repeat(171)), "times 7 blocks"),
        (format!("$pbkdf2-sha256$i=1,i=2${salt}${tag}"), "stands twice"),
        (format!("$pbkdf2-sha256$i=1,x=2${salt}${tag}"), "its parameters are i, l"),
        (format!("$pbkdf2-sha256$i=1,l=31${salt}${tag}"), "as many as l says"),
        (format!("$pbkdf2-sha256$i=1${salt}$AAAA"), "16 to 128 bytes"),
        (format!("$pbkdf2-sha256$i=1${salt}"), "not of the form"),
        (format!("$pbkdf2-sha256$i=1$*${tag}"), "the salt is not Base64"),
        (format!("$scrypt$ln=20,r=9,p=1${salt}${tag}"), "more memory or time"),
        (format!("$scrypt$ln=15,r=8,p=64${salt}${tag}"), "more memory or time"),
        (format!("$scrypt$ln=25,r=8,p=1${salt}${tag}"), "its ln must be"),
        (format!("$scrypt$r=8,p=1${salt}${tag}"), "its ln must be"),
        ("{SSHA256}AAAA".to_owned(), "a digest of 32 bytes"),
        (format!("$argon2id$v=19$m=1048577,t=1,p=1${salt}${tag}"), "dearer"),
        (format!("$argon2id$v=19$m=1048576,t=5,p=1${salt}${tag}"), "memory times its passes"),
        (format!("$argon2id$v=19$m=64,t=1,p=1${salt}"), "no salt or no tag"),
        (r#"{"algorithm": "MD5", "hash": "AAAA"}"#.to_owned(), "its algorithm is none of"),
        (r#"{"algorithm": "SHA-256", "hash": "AAAA"}"#.to_owned(), "not as long"),
        (r#"{"algorithm": "PBKDF2", "hash": "AAAA", "salt": "x"}"#.to_owned(), "iterations are missing"),
        (r#"{"type": "otp", "secretData": "{}", "credentialData": "{}"}"#.to_owned(), "not a password"),
        (r#"{"type": "password", "secretData": "{}", "credentialData": "{}"}"#.to_owned(), "neither"),
        (r#"{"nothing": 1}"#.to_owned(), "neither"),
    ] {
        let told = adopt(&text).unwrap_err().0;
        assert!(told.contains(why), "{text}: {told}");
    }
}
