//! The words of messages: built-in templates in a few languages, and the operator's files that take their place. Those are
//! read and tried when the courier is made, and a broken one stops the start; the built-in ones are parsed when they are first
//! needed. Templates are bounded in work, and HTML is escaped.

mod embedded;
mod folder;
mod known;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use vestibule_core::delivery::{Channel, Dispatch, Letter};
use vestibule_core::error::Fault;

use crate::{Content, Rendered};
use known::{KNOWN, Known, forms};

/// Instructions that one template may take; the built-in ones take fewer than a hundred.
const FUEL: u64 = 20_000;

/// Longest language tag that is looked up (RFC 5646 §4.4.1).
const LONGEST_TAG: usize = 35;

/// The templates of all messages.
pub struct Templates {
    words: Environment<'static>,
    /// Where the operator's templates come from.
    files: BTreeMap<String, PathBuf>,
}

impl Templates {
    /// The built-in templates, with the files of the operator's folder in their place.
    ///
    /// # Errors
    /// The folder cannot be read, or a file in it is none of a message, broken, or alone in its language.
    pub fn new(folder: Option<&Path>) -> Result<Self, Fault> {
        let broken = |why: String| Fault::from("reading the message templates", why);
        let mut words = Environment::new();
        words.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        words.set_auto_escape_callback(
            |name| {
                if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
            },
        );
        words.set_fuel(Some(FUEL));
        words.set_loader(|name| Ok(embedded::find(name).map(str::to_owned)));
        let mut templates = Self { words, files: BTreeMap::new() };
        let Some(folder) = folder else { return Ok(templates) };
        for found in folder::read(folder).map_err(broken)? {
            templates.files.insert(found.name.clone(), found.path);
            templates.add(found.name, found.text).map_err(broken)?;
        }
        templates.try_all().map_err(broken)?;
        Ok(templates)
    }

    /// The letter in words.
    ///
    /// # Errors
    /// It cannot be told. The reason has nothing of the message in it.
    pub fn render(&self, letter: &Letter, dispatch: Dispatch) -> Result<Rendered, String> {
        let texts = dispatch.values.values().chain([&dispatch.to]);
        // A line break in a value would begin a header of its own, or a second message.
        if texts.into_iter().any(|text| text.chars().any(char::is_control)) {
            return Err("a value has a control character".to_owned());
        }
        let channel = dispatch.channel;
        let known = KNOWN.iter().find(|known| known.name == dispatch.template && known.channels.contains(&channel));
        let known = known.ok_or_else(|| "there is no such message on this channel".to_owned())?;
        let language = dispatch.locale.as_deref().filter(|tag| tag.len() <= LONGEST_TAG).unwrap_or(embedded::DEFAULT);
        let content = self.told(known, channel, &lineage(language), &dispatch.values).map_err(|error| {
            // The detail of an error may quote a value; its kind and place do not.
            format!("{} in {} line {}", error.kind(), error.name().unwrap_or("?"), error.line().unwrap_or(0))
        })?;
        let Dispatch { to, template, values, .. } = dispatch;
        let Letter { id, tenant, created, expires, .. } = letter.clone();
        Ok(Rendered { id, tenant, to, template, created, expires, content, values })
    }

    fn told(
        &self,
        known: &Known,
        channel: Channel,
        lineage: &[String],
        values: &BTreeMap<String, String>,
    ) -> Result<Content, minijinja::Error> {
        let names = self.names(known, channel, lineage);
        let names = names.unwrap_or_else(|| {
            forms(channel).iter().map(|form| format!("{}/{}.{form}", embedded::DEFAULT, known.name)).collect()
        });
        let tell = |name: &String| -> Result<String, minijinja::Error> {
            let language = name.split('/').next().unwrap_or(embedded::DEFAULT);
            let pairs = values.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let text = self.words.get_template(name)?.render(Value::from_pairs(pairs.chain([("locale", language)])))?;
            Ok(text.trim_end().to_owned())
        };
        let mut texts = names.iter().map(tell);
        let mut next = || texts.next().unwrap_or_else(|| Ok(String::new()));
        Ok(match channel {
            Channel::Email => Content::Email { subject: one_line(next()?)?, text: next()?, html: next()? },
            Channel::Sms => Content::Sms { text: next()? },
            Channel::Push => {
                let text = next()?;
                let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
                Content::Push { title: title.trim().to_owned(), body: body.trim().to_owned() }
            }
        })
    }

    /// The templates of a message in one line of languages, if they are complete.
    fn names(&self, known: &Known, channel: Channel, lineage: &[String]) -> Option<Vec<String>> {
        let find = |form: &&str| {
            let mut names = lineage.iter().map(|language| format!("{language}/{}.{form}", known.name));
            names.find(|name| self.words.get_template(name).is_ok())
        };
        forms(channel).iter().map(find).collect()
    }

    fn add(&mut self, name: String, text: String) -> Result<(), String> {
        self.words.add_template_owned(name, text).map_err(|error| self.place(&error))
    }

    /// Tries every message in every language with its samples, with and without what may be missing.
    fn try_all(&self) -> Result<(), String> {
        for language in self.languages() {
            let lineage = lineage(&language);
            for (known, channel) in KNOWN.iter().flat_map(|known| known.channels.iter().map(move |way| (known, *way))) {
                if self.names(known, channel, &lineage).is_none() {
                    self.is_untouched(known, channel, &lineage)?;
                    continue;
                }
                for more in [&[][..], known.optional] {
                    let samples = known.values.iter().chain(more);
                    let values = samples.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                    self.told(known, channel, &lineage, &values).map_err(|error| self.place(&error))?;
                }
            }
        }
        Ok(())
    }

    /// A message of which a language has some files and lacks others would be told in two languages.
    fn is_untouched(&self, known: &Known, channel: Channel, lineage: &[String]) -> Result<(), String> {
        let name = |language: &String, form: &str| format!("{language}/{}.{form}", known.name);
        let has = |form: &&str| lineage.iter().any(|language| self.words.get_template(&name(language, form)).is_ok());
        let (there, missing): (Vec<&str>, Vec<&str>) = forms(channel).iter().copied().partition(has);
        let (Some(language), Some(there), Some(missing)) = (lineage.first(), there.first(), missing.first()) else {
            return Ok(());
        };
        Err(format!("{} is there but {} is not", name(language, there), name(language, missing)))
    }

    fn languages(&self) -> Vec<String> {
        let own = self.files.keys().filter_map(|name| tag(name));
        let mut all: Vec<String> = own.chain(embedded::names().filter_map(tag)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// File, line and reason of a template's error.
    fn place(&self, error: &minijinja::Error) -> String {
        let name = error.name().unwrap_or("?");
        let file = self.files.get(name).map_or_else(|| name.to_owned(), |path| path.display().to_string());
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{file} line {}: {}{detail}", error.line().unwrap_or(1), error.kind())
    }
}

/// The language tag of a template's name.
fn tag(name: &str) -> Option<String> {
    name.split_once('/').map(|(tag, _)| tag.to_owned())
}

/// A language tag and those that it is a variety of: `de-at`, `de`.
fn lineage(tag: &str) -> Vec<String> {
    let tag = tag.to_ascii_lowercase().replace('_', "-");
    let mut tags = vec![tag.clone()];
    let mut rest = tag.as_str();
    while let Some((wider, _)) = rest.rsplit_once('-') {
        tags.push(wider.to_owned());
        rest = wider;
    }
    tags
}

fn one_line(text: String) -> Result<String, minijinja::Error> {
    if text.chars().any(char::is_control) {
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, "a subject is one line"));
    }
    Ok(text)
}
