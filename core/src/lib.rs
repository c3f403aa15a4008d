//! The rules of Vestibule: flows, OAuth, sessions, the error catalogue and the ports they stand on. Nothing here knows
//! HTTP, SQL, threads, the environment or files; time, chance and storage come in through [`ports`].

pub mod account;
pub mod acquaintance;
pub mod admin;
pub mod agent;
pub mod application;
pub mod association;
pub mod attempt;
pub mod attestation;
pub mod audit;
pub mod budget;
pub mod connection;
pub mod credential;
pub mod delivery;
pub mod error;
pub mod flow;
pub mod grant;
pub mod house;
pub mod keyring;
pub mod oauth;
pub mod ports;
pub mod remote_keys;
pub mod secrets;
pub mod session;
pub mod tenant;
pub mod throttle;
pub mod user;
pub mod webhook;
pub mod wrapping;
