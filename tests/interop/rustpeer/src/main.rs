// SPDX-License-Identifier: Apache-2.0

//! rustpeer is the other end of the interoperability tests: rust-yamux over a Unix socket.
//! tests/interop/README.md has what every peer understands.
//!
//!     rustpeer serve PATH
//!     rustpeer dial PATH
//!     rustpeer run PATH COMMAND...

mod active;
mod data;
mod passive;
mod session;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use session::Session;
use tokio::net::{UnixListener, UnixStream};
use yamux::Mode;

pub type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Of anything; reached by a fault only.
pub const LIMIT: Duration = Duration::from_secs(60);

async fn serve(path: &str) -> Fallible<()> {
    let listener = UnixListener::bind(path)?;
    println!("listening {path}");
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(async {
            let (session, ended) = Session::new(socket, Mode::Server);
            if let Err(complaint) = passive::answer(session, ended).await {
                eprintln!("{complaint}");
            }
        });
    }
}

async fn connect(path: &str) -> Fallible<(Arc<Session>, session::Inbound)> {
    Ok(Session::new(UnixStream::connect(path).await?, Mode::Client))
}

async fn dial(path: &str) -> Fallible<()> {
    let (session, inbound) = connect(path).await?;
    passive::answer(session, inbound).await
}

async fn run_one(path: &str, command: &str) -> Fallible<()> {
    let (session, inbound) = connect(path).await?;
    let answering = tokio::spawn(passive::answer(session.clone(), inbound));
    if let Some(answer) = tokio::time::timeout(LIMIT, active::act(&session, command)).await?? {
        println!("{answer}");
    }
    session.close();
    tokio::time::timeout(LIMIT, answering).await??
}

/// Obeys each command on a connection of its own, as the client of an endpoint that echoes.
async fn run(path: &str, commands: &[String]) -> Fallible<()> {
    let mut failed = 0;
    for command in commands {
        match run_one(path, command).await {
            Ok(()) => println!("{command}: ok"),
            Err(error) => {
                failed += 1;
                println!("{command}: FAILED: {error}");
            }
        }
    }
    if failed > 0 {
        return Err(format!("{failed} of {} commands failed", commands.len()).into());
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => runtime.block_on(serve(path)),
        ["dial", path] => runtime.block_on(dial(path)),
        ["run", path, ..] => runtime.block_on(run(path, &arguments[2..])),
        _ => {
            eprintln!("usage: rustpeer serve|dial|run PATH [COMMAND]...");
            return ExitCode::from(2);
        }
    };
    if let Err(error) = result {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
