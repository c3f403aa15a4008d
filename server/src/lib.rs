//! The server: endpoints, configuration, wiring. It knows no rules; it parses, asks and translates.

pub mod cli;
pub mod config;
pub mod housekeeping;
pub mod http;
pub mod serve;
pub mod telemetry;
pub mod wiring;
pub mod world;
