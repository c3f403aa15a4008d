//! The command line. `serve` and `demo` run a server; `app`, `user`, `keys`, `audit` and `tenant` speak to a running one through its
//! management API, like any other program; `mailbox` reads a running one's development mailbox; `config` looks at a
//! configuration.

mod apps;
mod audit;
mod client;
mod configuration;
mod demo;
mod import;
mod keys;
mod mailbox;
mod serve;
mod table;
mod tenants;
mod users;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// An identity server whose login is an API.
#[derive(Parser)]
#[command(name = "vestibule", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(ServeArgs),
    /// Run a server to try: it makes an application and a user, logs the user in and shows how.
    Demo(DemoArgs),
    /// Read the development mailbox of a running server.
    #[command(subcommand)]
    Mailbox(mailbox::MailboxCommand),
    /// Look at a configuration.
    #[command(subcommand)]
    Config(configuration::ConfigCommand),
    /// Manage applications of a running server.
    App {
        #[command(flatten)]
        server: client::ServerArgs,
        #[command(subcommand)]
        command: apps::AppCommand,
    },
    /// Manage users of a running server.
    User {
        #[command(flatten)]
        server: client::ServerArgs,
        #[command(subcommand)]
        command: users::UserCommand,
    },
    /// Look the audit log of a running server up; check one that was kept or exported.
    Audit(audit::AuditArgs),
    /// Manage signing keys and secrets of a running server.
    Keys {
        #[command(flatten)]
        server: client::ServerArgs,
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// Manage tenants of a running server.
    Tenant {
        #[command(flatten)]
        server: client::ServerArgs,
        #[command(subcommand)]
        command: tenants::TenantCommand,
    },
}

/// How to run the server.
#[derive(Args, Clone, Default)]
pub(crate) struct ServeArgs {
    /// Directory of the embedded store.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The URL at which clients reach the server; the issuer and all links come from it.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "VESTIBULE_CONFIG")]
    config: Option<PathBuf>,
}

/// How to run the demonstration.
#[derive(Args)]
struct DemoArgs {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9443")]
    listen: SocketAddr,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // The one crypto library, also for outgoing connections; a second call would only say that it is set.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ended = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from);
    match ended.and_then(|runtime| runtime.block_on(dispatch(cli.command))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::run(&args).await,
        Command::Demo(args) => demo::run(args.listen).await,
        Command::Mailbox(command) => mailbox::run(command).await,
        Command::Config(command) => configuration::run(command),
        Command::App { server, command } => apps::run(&server.connect()?, command).await,
        Command::User { server, command } => users::run(&server.connect()?, command).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Keys { server, command } => keys::run(&server, command).await,
        Command::Tenant { server, command } => tenants::run(&server.connect()?, command).await,
    }
}
