//! Passwords that are good enough and some that are not.

use super::*;
use crate::user::{BlockKey, Contact};

/// For a user of that name.
fn weakness(password: &str, name: &str) -> Option<Weakness> {
    let rules = PasswordRules::default();
    rules.weakness(password, false, &rules.words(whose(name, &Profile::default()), ""))
}

fn whose<'a>(name: &'a str, profile: &'a Profile) -> Whose<'a> {
    static ROOT: std::sync::LazyLock<TenantId> = std::sync::LazyLock::new(TenantId::root);
    Whose { tenant: &ROOT, name, profile, app: None, alone: false }
}

// Checklist 1, 2, 3, 7.
#[test]
fn a_password_needs_eight_characters_and_no_more_than_a_thousand_bytes() {
    let long = "xyzw".repeat(256);
    for good in [
        "kZ7 vq.p",
        "ünïcödé!",
        "correct horse battery staple",
        "Wso2@test123",
        "Tr0ub4dor and three",
        "correct-horse-battery-staple",
        long.as_str(),
    ] {
        assert_eq!(weakness(good, "kim"), None, "{good}");
    }
    // Seven characters once composed.
    for bad in ["", "kZ7 vq.", "e\u{301}kZ7 vq"] {
        assert_eq!(weakness(bad, "kim"), Some(Weakness::TooShort(8)), "{bad}");
    }
    for bad in ["x".repeat(1025), format!("{long}!")] {
        assert_eq!(weakness(&bad, "kim"), Some(Weakness::TooLong));
    }
}

// Checklist 1.
#[test]
fn alone_it_needs_fifteen() {
    let rules = PasswordRules::default();
    assert_eq!(rules.weakness("kZ7 vq.p kZ7 v", true, &[]), Some(Weakness::TooShort(15)));
    assert_eq!(rules.weakness("kZ7 vq.p kZ7 vq", true, &[]), None);
    assert!(rules.is_short_alone("kZ7 vq.p kZ7 v") && !rules.is_short_alone("kZ7 vq.p kZ7 vq"));
    let rules = PasswordRules { shortest: 20, ..rules };
    assert_eq!(rules.weakness("kZ7 vq.p kZ7 vq", true, &[]), Some(Weakness::TooShort(20)));
}

// Checklist 6.
#[test]
fn a_refusal_tells_the_bounds() {
    assert!(Weakness::TooLong.sentence().contains(&LONGEST.to_string()));
    assert_eq!(Weakness::TooShort(12).sentence(), "The password is shorter than 12 characters.");
}

// Checklist 5.
#[test]
fn what_is_guessed_first_is_refused() {
    for bad in [
        "password",
        "Password",
        "PASSWORD1!",
        "12345678",
        "qwertyuiop",
        "Dragon2024!",
        "aaaaaaaaaa",
        "abababab",
        "iloveyou1",
        "1q2w3e4r5t6y",
        "Football123",
        "qazwsxedcrfv",
        "passw0rd",
        "P@ssw0rd",
        "trustno1",
        "987654321a",
        "manchester1",
    ] {
        assert_eq!(weakness(bad, "kim"), Some(Weakness::Common), "{bad}");
    }
}

#[test]
fn the_embedded_list_is_small_and_hardly_ever_wrong() {
    assert!(include_bytes!("../common_passwords.bin").len() <= 200 * 1024);
    // Twelve at random of 62 characters, from a counter by a linear congruence: none of them was breached.
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        letters[(state >> 33) as usize % letters.len()]
    };
    let wrong =
        (0..100_000).filter(|_| COMMON.has(BlockKey::of(&(0..12).map(|_| random()).collect::<String>()))).count();
    // One or two are expected.
    assert!(wrong <= 9, "{wrong} of 100000");
}

// Checklist 5.
#[test]
fn a_password_is_not_built_on_the_name() {
    let name = Some(Weakness::BuiltOn("the user name"));
    assert_eq!(weakness("Wilhelmine24", "wilhelmine"), name);
    assert_eq!(weakness("x-alexandra-y", "ALEXANDRA@example.com"), name);
    assert_eq!(weakness("kim.berry.2024", "kim.berry"), name);
    assert_eq!(weakness("alexandra in wonderland", "alexandra"), None);
    assert_eq!(weakness("skimming-the-milk", "kim"), None);
}

// Checklist 5.
#[test]
fn a_password_is_not_built_on_words_of_the_place() {
    let email = |value: &str| Contact { value: value.to_owned(), kind: None, primary: false, verified: false };
    let profile = Profile { emails: vec![email("berry@orchard.example")], ..Profile::default() };
    let rules = PasswordRules { host: "login.gardens.example".to_owned(), ..PasswordRules::default() };
    let words = rules.words(whose("kim", &profile), "Acme Corporation");
    for (bad, of) in [
        ("Orchard#2024", "an email address"),
        ("berry-berry-77", "an email address"),
        ("acmeCorporation1", "the name of the tenant"),
        ("corporation!99", "the name of the tenant"),
        ("Login.Gardens.1", "the server's address"),
        ("24gardens2024", "the server's address"),
        ("kim@gardens.login", "the server's address"),
    ] {
        let found = rules.weakness(bad, false, &words);
        assert_eq!(found, Some(Weakness::BuiltOn(of)), "{bad}");
    }
    assert_eq!(rules.weakness("gardens of forking paths", false, &words), None);
}

#[test]
fn the_operators_list_is_told_apart() {
    let list = Blocklist::of(vec![BlockKey::of("Our Old Default 7")]).unwrap();
    let rules = PasswordRules { blocked: Some(Arc::new(list)), ..PasswordRules::default() };
    assert_eq!(rules.weakness("our old default 7", false, &[]), Some(Weakness::Blocked));
    assert_eq!(rules.weakness("our old default 8", false, &[]), None);
}

#[test]
fn the_words_are_in_the_form_in_which_they_are_compared() {
    let mut seen = BTreeSet::new();
    for line in WORDS.lines() {
        assert!(!line.is_empty() && line == line.trim() && line == line.to_lowercase(), "{line}");
        assert!(seen.insert(line), "{line} is listed twice");
    }
    assert!(seen.len() >= 1000, "{}", seen.len());
}
