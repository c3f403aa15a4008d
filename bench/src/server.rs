//! The server that is measured: started here with a cheap hash, or running already.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// A server to measure.
pub(crate) struct Target {
    pub address: SocketAddr,
    pub pid: u32,
    pub password: String,
}

/// A started server with its store; both go when it is dropped.
pub(crate) struct Process {
    _child: Child,
    _data: tempfile::TempDir,
}

/// The address of an `http` URL.
pub(crate) fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let url = url::Url::parse(url)?;
    url.socket_addrs(|| None)?.into_iter().next().context("the URL has no address")
}

/// Starts the binary on the first core, when `taskset` is there; the driver has the other.
pub(crate) async fn start(binary: &Path, memory_kib: u32, passes: u32) -> anyhow::Result<(Target, Process)> {
    let data = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let password = "a password for measuring".to_owned();
    let pinned = Command::new("taskset").arg("--version").stdout(Stdio::null()).status().await.is_ok();
    let mut command = if pinned { Command::new("taskset") } else { Command::new(binary) };
    if pinned {
        command.args(["-c", "0"]).arg(binary);
    }
    command.arg("serve").arg("--data").arg(data.path()).arg("--listen").arg(address.to_string());
    command.env("VESTIBULE_ADMIN_PASSWORD", &password).env("VESTIBULE_LOG__FILTER", "warn");
    command
        .env("VESTIBULE_HASH__MEMORY_KIB", memory_kib.to_string())
        .env("VESTIBULE_HASH__ITERATIONS", passes.to_string());
    command.env("VESTIBULE_HASH__QUEUE", "1000").kill_on_drop(true).stdout(Stdio::null());
    let child = command.spawn().with_context(|| format!("starting {}; build it first", binary.display()))?;
    let pid = child.id().context("the server ended at once")?;
    for _ in 0..500 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok((Target { address, pid, password }, Process { _child: child, _data: data }));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("the server did not listen within ten seconds")
}

/// User and system time of a process so far, in microseconds.
pub(crate) fn cpu_micros(pid: u32) -> anyhow::Result<u64> {
    let mut nanos = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let ran = text.split(' ').next().and_then(|text| text.parse::<u64>().ok());
        nanos += ran.context("reading the server's CPU time")?;
    }
    Ok(nanos / 1000)
}

/// Resident memory of a process in KiB.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("reading the server's memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
