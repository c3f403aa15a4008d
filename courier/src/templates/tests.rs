use std::fs;

use vestibule_core::ports::{LetterId, TenantId, Timestamp};

use super::*;

fn letter(channel: Channel) -> Letter {
    let created = Timestamp::from_seconds(1_000_000);
    let (id, tenant) = (LetterId::from_bytes([7; 16]), TenantId::root());
    Letter { id, tenant, channel, body: String::new(), budgets: Vec::new(), created, expires: created }
}

fn dispatch(channel: Channel, template: &str, locale: Option<&str>, values: &[(&str, &str)]) -> Dispatch {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let (to, locale) = ("ann@example.com".to_owned(), locale.map(str::to_owned));
    Dispatch { channel, to, template: template.to_owned(), locale, values }
}

fn otp(locale: &str, app: &str) -> Dispatch {
    dispatch(Channel::Email, "otp", Some(locale), &[("code", "482913"), ("minutes", "5"), ("app", app)])
}

fn subject(templates: &Templates, locale: &str) -> String {
    let rendered = templates.render(&letter(Channel::Email), otp(locale, "Shop")).unwrap();
    rendered.content.subject().unwrap().to_owned()
}

fn refused(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let chain = Templates::new(Some(folder.path())).err().unwrap().chain();
    chain.replace(folder.path().to_str().unwrap(), "DIR")
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn every_message_is_built_in_in_every_language() {
    let templates = Templates::new(None).unwrap();
    assert_eq!(templates.languages(), ["de", "en", "es", "fr"]);
    for language in templates.languages() {
        for (known, channel) in KNOWN.iter().flat_map(|known| known.channels.iter().map(move |way| (known, *way))) {
            assert!(
                templates.names(known, channel, std::slice::from_ref(&language)).is_some(),
                "{language} {}",
                known.name
            );
        }
    }
}

#[test]
fn a_language_is_found_by_its_nearest_relative() {
    let templates = Templates::new(None).unwrap();
    for locale in ["de", "de-AT", "DE_ch", "de-Latn-AT"] {
        assert_eq!(subject(&templates, locale), "482913 ist Ihr Code für Shop", "{locale}");
    }
    for locale in ["", "it", "../de", "-", &"de-".repeat(1000)] {
        assert_eq!(subject(&templates, locale), "482913 is your code for Shop", "{locale}");
    }
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let templates = Templates::new(None).unwrap();
    let rendered = templates.render(&letter(Channel::Email), otp("en", "<b>&Co")).unwrap();
    let Content::Email { text, html, .. } = rendered.content else { panic!() };
    assert!(text.contains("<b>&Co") && html.contains("&lt;b&gt;&amp;Co") && !html.contains("<b>&"));
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
}

#[test]
fn no_value_breaks_a_line() {
    let templates = Templates::new(None).unwrap();
    for app in ["Shop\r\nBcc: eve@example.com", "Shop\n", "\u{0}"] {
        let refused = templates.render(&letter(Channel::Email), otp("en", app)).unwrap_err();
        assert_eq!(refused, "a value has a control character");
    }
    let mut to = otp("en", "Shop");
    to.to.push_str("\r\nRCPT TO:<eve@example.com>");
    assert!(templates.render(&letter(Channel::Email), to).is_err());
}

#[test]
fn a_short_message_ends_with_the_line_that_binds_its_code_to_a_site() {
    let templates = Templates::new(None).unwrap();
    let mut values = vec![("code", "482913"), ("minutes", "5"), ("app", "Shop")];
    let told = |values: &[(&str, &str)]| {
        let rendered = templates.render(&letter(Channel::Sms), dispatch(Channel::Sms, "otp", None, values)).unwrap();
        rendered.content.text().to_owned()
    };
    let plain = "482913 is your code for Shop, good for 5 minutes. Give it to nobody.";
    assert_eq!(told(&values), plain);
    values.push(("host", "shop.example"));
    assert_eq!(told(&values), format!("{plain}\n\n@shop.example #482913"));
}

#[test]
fn a_notification_has_a_title_a_body_and_its_values() {
    let values = [("app", "Shop"), ("pushAuthId", "p1"), ("challenge", "c1"), ("number", "42")];
    let push = dispatch(Channel::Push, "push-login", None, &values);
    let rendered = Templates::new(None).unwrap().render(&letter(Channel::Push), push).unwrap();
    assert_eq!(rendered.content.subject(), Some("Are you signing in?"));
    assert_eq!(rendered.content.text(), "Confirm or refuse the sign-in to Shop.");
    assert_eq!(rendered.values["number"], "42");
}

#[test]
fn a_message_that_there_is_not_and_a_value_that_is_missing_are_told_without_values() {
    let templates = Templates::new(None).unwrap();
    let told = |way, name| templates.render(&letter(way), dispatch(way, name, None, &[("code", "1")])).unwrap_err();
    assert_eq!(told(Channel::Email, "nothing"), "there is no such message on this channel");
    assert_eq!(told(Channel::Sms, "magic-link"), "there is no such message on this channel");
    assert_eq!(told(Channel::Email, "otp"), "undefined value in en/otp.subject line 1");
}

#[test]
fn a_file_of_the_operators_takes_the_place_of_one_and_varieties_inherit_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("de-AT/otp.subject", "Servus: {{ code }}\n"), (".git/x", ""), ("layout.html", "NEU")]);
    let templates = Templates::new(Some(folder.path())).unwrap();
    assert_eq!(subject(&templates, "de-at"), "Servus: 482913");
    assert_eq!(subject(&templates, "de"), "482913 ist Ihr Code für Shop");
    let rendered = templates.render(&letter(Channel::Email), otp("de-AT", "Shop")).unwrap();
    let Content::Email { text, html, .. } = rendered.content else { panic!() };
    assert!(text.starts_with("Ihr Code"));
    assert_eq!(html, "NEU");
}

#[test]
fn a_broken_template_is_told_with_file_and_line() {
    let chain = |files| refused(files);
    assert_eq!(
        chain(&[("de/otp.txt", "Code:\n{{ code }\n")]),
        "reading the message templates: DIR/de/otp.txt line 2: syntax error: unexpected `}`, expected end of variable block"
    );
    assert!(chain(&[("de/otp.txt", "\n\n{{ cod }}")]).contains("DIR/de/otp.txt line 3: undefined value"));
    assert!(chain(&[("de/otp.subject", "a\nb {{ code }}")]).contains("a subject is one line"));
    assert!(chain(&[("de/otp.txt", "{% for i in range(9999) %}{{ i }}{% endfor %}")]).contains("fuel"));
    assert!(chain(&[("de/opt.txt", "")]).contains("DIR/de/opt.txt: there is no such template; messages are otp,"));
    assert!(chain(&[("otp.txt", "")]).contains("DIR/otp.txt: a template lies in the folder of its language"));
    assert!(chain(&[("it/otp.txt", "{{ code }}")]).contains("it/otp.txt is there but it/otp.subject is not"));
    let absent = Templates::new(Some(Path::new("/nowhere"))).err().unwrap().chain();
    assert!(absent.contains("/nowhere: No such file"), "{absent}");
}
