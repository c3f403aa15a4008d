//! The log: one line an event on standard error, as text or JSON, with the fields of the spans around it (so that every
//! line of a request has its trace id). Law: one event is one line, whatever its values contain.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use vestibule_core::error::Fault;
use vestibule_core::ports::Clock as _;

use crate::config::{LogConfig, LogFormat};
use crate::world::SystemClock;

/// Starts logging, panics included.
///
/// # Errors
/// The filter cannot be read, or logging was started before.
pub fn init(log: &LogConfig) -> Result<(), Fault> {
    let lines = layer(log, |line: &str| {
        // There is nowhere left to say that the log cannot be written.
        drop(std::io::stderr().lock().write_all(line.as_bytes()));
    })?;
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines))
        .map_err(|error| Fault::from("starting the log", error))?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, "panicked: {message}");
    }));
    Ok(())
}

/// The layer that writes lines, behind the operator's filter.
fn layer<S, W>(log: &LogConfig, write: W) -> Result<impl Layer<S>, Fault>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(&log.filter).map_err(|error| Fault::from("reading the filter of the log", error))?;
    // Under the filter "error" a request's span would be off, and with it the trace id of the errors that are logged.
    let ours = filter_fn(|meta| meta.is_span() && meta.target().starts_with("vestibule"));
    Ok(Lines { format: log.format, write }.with_filter(filter.or(ours.with_max_level_hint(LevelFilter::INFO))))
}

/// Writes events as lines.
struct Lines<W> {
    format: LogFormat,
    write: W,
}

/// Names and values, each name once.
#[derive(Clone, Default)]
struct Fields(Vec<(&'static str, Value)>);

/// One event.
struct Line {
    time: String,
    level: Level,
    target: &'static str,
    message: String,
    /// Fields of the spans around it, from the outermost in.
    context: Fields,
    fields: Fields,
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + Send + Sync + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = cx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut context = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                fields.0.iter().for_each(|(name, value)| context.set(name, value.clone()));
            }
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.take("message").map(text_of).unwrap_or_default();
        let (time, meta) = (SystemClock.now().to_string(), event.metadata());
        let line = Line { time, level: *meta.level(), target: meta.target(), message, context, fields };
        (self.write)(&match self.format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        });
    }
}

impl Line {
    /// For people: `TIME LEVEL target{traceId=…}: message name=value`. What the event's values say cannot pass for a
    /// field, since they are quoted, nor for the request's own, which stand before them.
    fn text(&self) -> String {
        let mut line = format!("{} {:>5} {}", self.time, self.level, self.target);
        if !self.context.0.is_empty() {
            let pairs: Vec<_> = self.context.0.iter().map(|(name, value)| pair(name, value)).collect();
            let _ = write!(line, "{{{}}}", pairs.join(" "));
        }
        let _ = write!(line, ": {}", escaped(&self.message, named));
        for (name, value) in &self.fields.0 {
            let _ = write!(line, " {}", pair(name, value));
        }
        line.push('\n');
        line
    }

    /// For machines: one object, the spans' fields beside the event's own. Where names are the same the first one holds.
    fn json(&self) -> String {
        let head = [
            ("timestamp", self.time.clone().into()),
            ("level", self.level.as_str().into()),
            ("target", self.target.into()),
            ("message", self.message.clone().into()),
        ];
        let mut members = Fields::default();
        for (name, value) in head.iter().chain(&self.context.0).chain(&self.fields.0) {
            if !members.0.iter().any(|(known, _)| known == name) {
                members.0.push((name, value.clone()));
            }
        }
        let members: Vec<_> = members.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
        // Line ends beyond ASCII stand in JSON unescaped, and some readers of logs break lines at them.
        escaped(&format!("{{{}}}", members.join(",")), |c| format!("\\u{:04x}", u32::from(c))) + "\n"
    }
}

impl Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(at).1)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.set(field.name(), u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }
}

/// `name=value`, the value in quotes unless it is one plain word.
fn pair(name: &str, value: &Value) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+%".contains(c);
    match value {
        Value::String(text) if text.is_empty() || !text.chars().all(plain) => {
            let quotable = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{}\"", escaped(&quotable, named))
        }
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    }
}

/// The text with everything written out that could end a line, steer a terminal or reverse the reading direction.
fn escaped(text: &str, escape: fn(char) -> String) -> String {
    let unsafe_in_logs = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if unsafe_in_logs(c) {
            out.push_str(&escape(c));
        } else {
            out.push(c);
        }
        out
    })
}

/// As Rust names it: `\n`, `\u{1b}`.
fn named(c: char) -> String {
    c.escape_default().to_string()
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The lines that `work` logs, without their times.
    fn lines(format: LogFormat, filter: &str, work: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(String::new()));
        let writer = Arc::clone(&written);
        let log = LogConfig { format, filter: filter.to_owned() };
        let layer = layer(&log, move |line: &str| writer.lock().unwrap().push_str(line)).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let written = written.lock().unwrap();
        assert!(written.is_empty() || written.ends_with('\n'));
        written.split_terminator('\n').map(without_time).collect()
    }

    fn without_time(line: &str) -> String {
        let text = line.strip_prefix("{\"timestamp\":\"").unwrap_or(line);
        assert_eq!(text.get(23..24), Some("Z"), "{line}");
        text.chars().skip(25).collect()
    }

    fn request() {
        let span = tracing::info_span!("request", traceId = "4bf92f35", user = tracing::field::Empty);
        let _inside = span.enter();
        span.record("user", "kim lee");
        tracing::info!(status = 200_u16, micros = 7_u128, path = %"/oauth2/token", ok = true, "answered");
    }

    #[test]
    fn text_lines_carry_the_fields_of_their_spans() {
        assert_eq!(
            lines(LogFormat::Text, "info", request),
            [concat!(
                " INFO vestibule::telemetry::tests{traceId=4bf92f35 user=\"kim lee\"}: ",
                "answered status=200 micros=7 path=/oauth2/token ok=true"
            )]
        );
    }

    #[test]
    fn json_lines_carry_the_fields_of_their_spans() {
        assert_eq!(
            lines(LogFormat::Json, "info", request),
            [concat!(
                ",\"level\":\"INFO\",\"target\":\"vestibule::telemetry::tests\",\"message\":\"answered\",",
                "\"traceId\":\"4bf92f35\",\"user\":\"kim lee\",\"status\":200,\"micros\":7,",
                "\"path\":\"/oauth2/token\",\"ok\":true}"
            )]
        );
    }

    #[test]
    fn the_trace_id_is_there_whatever_is_filtered() {
        let work = || {
            let _inside = tracing::info_span!("request", traceId = "4bf92f35").entered();
            tracing::info!("not this");
            tracing::error!("this");
        };
        assert_eq!(
            lines(LogFormat::Text, "error", work),
            ["ERROR vestibule::telemetry::tests{traceId=4bf92f35}: this"]
        );
    }

    // Checklist 116.
    #[test]
    fn no_value_makes_a_second_line_or_steers_a_terminal() {
        let evil = "kim\r\n2026-01-01T00:00:00.000Z ERROR x: \u{1b}[2J\u{85}\u{2028}\u{202e}\u{9b}";
        for format in [LogFormat::Text, LogFormat::Json] {
            let lines = lines(format, "info", || {
                let _inside = tracing::info_span!("request", user = evil).entered();
                tracing::info!(shown = %evil, debug = ?evil, "message {evil}");
            });
            assert_eq!(lines.len(), 1);
            let odd = |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c);
            assert!(!lines[0].contains(odd), "{format:?}: {}", lines[0]);
        }
    }

    // Checklist 116.
    #[test]
    fn a_value_does_not_pass_for_a_field() {
        let work = || tracing::info!(user = "kim\" traceId=\"1", "refused");
        assert_eq!(
            lines(LogFormat::Text, "info", work),
            [r#" INFO vestibule::telemetry::tests: refused user="kim\" traceId=\"1""#]
        );
        let work = || {
            let _inside = tracing::info_span!("request", traceId = "true").entered();
            tracing::info!(traceId = "false", "refused");
        };
        assert!(lines(LogFormat::Json, "info", work)[0].contains("\"traceId\":\"true\""));
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        let log = LogConfig { filter: "a=b=c".to_owned(), ..LogConfig::default() };
        assert!(layer::<tracing_subscriber::Registry, _>(&log, |_: &str| {}).is_err());
    }
}
