// SPDX-License-Identifier: Apache-2.0

//! A stream that the other side opened: its first line is a command.

use std::sync::Arc;
use std::time::Instant;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use yamux::{ConnectionError, Stream};

use crate::data::{drain, read_line, Source};
use crate::session::{Inbound, Session};
use crate::{active, Fallible, LIMIT};

/// Obeys until the session ends; an error is what the other side did wrong.
pub async fn answer(session: Arc<Session>, mut inbound: Inbound) -> Fallible<()> {
    while let Some(stream) = inbound.streams.recv().await {
        tokio::spawn(handle(session.clone(), stream));
    }
    match inbound.end.await? {
        // A connection that breaks is no fault.
        Ok(()) | Err(ConnectionError::Closed | ConnectionError::Io(_)) => Ok(()),
        Err(error) => Err(format!("complaint: {error}").into()),
    }
}

/// A stream that is dropped with a direction open is reset.
async fn handle(session: Arc<Session>, mut stream: Stream) {
    let result = obey(&session, &mut stream).await;
    if matches!(result, Ok(true)) {
        drop(stream.close().await);
    }
}

fn note_reset(session: &Session) {
    *session.resets.lock().unwrap() += 1;
}

/// Reads up to the end, which is a reset if our direction is over too.
async fn echo(session: &Session, stream: &mut Stream) -> Fallible<bool> {
    let mut bytes = vec![0; 65536];
    loop {
        let got = stream.read(&mut bytes).await?;
        if got == 0 && stream.is_closed() {
            note_reset(session);
            return Ok(false);
        }
        if got == 0 {
            return Ok(true);
        }
        if let Err(error) = stream.write_all(&bytes[..got]).await {
            note_reset(session);
            return Err(error.into());
        }
    }
}

async fn flood(session: &Session, stream: &mut Stream) {
    while stream.write_all(&[0; 512]).await.is_ok() {}
    note_reset(session);
}

/// Polls a condition that the library has no signal for.
async fn until(condition: impl Fn() -> bool) -> Fallible<()> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > LIMIT {
            return Err("did not happen in time".into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Returns whether the stream is to end as it should; else it is reset.
async fn obey(session: &Arc<Session>, stream: &mut Stream) -> Fallible<bool> {
    let line = read_line(stream).await?;
    let words: Vec<&str> = line.split(' ').collect();
    let number = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    match words[0] {
        "echo" => return echo(session, stream).await,
        "sum" => {
            let (_, sum) = drain(stream).await?;
            stream.write_all(format!("{sum}\n").as_bytes()).await?;
            Source::new(5, 1 << 20).send(stream).await?;
        }
        "source" => Source::new(5, number).send(stream).await?,
        "early" => {
            stream.close().await?;
            let (_, sum) = drain(stream).await?;
            session.early.lock().unwrap().push_back(sum);
        }
        "digest" => {
            until(|| !session.early.lock().unwrap().is_empty()).await?;
            let sum = session.early.lock().unwrap().pop_front().unwrap();
            stream.write_all(format!("{sum}\n").as_bytes()).await?;
        }
        "flood" => {
            flood(session, stream).await;
            return Ok(false);
        }
        "resets" => {
            until(|| *session.resets.lock().unwrap() >= number).await?;
            stream.write_all(b"ok\n").await?;
        }
        "reset" => return Ok(false),
        "close" => {
            session.close();
            std::future::pending::<()>().await;
        }
        "drop" => session.drop_connection(),
        _ => {
            let answer = match active::act(session, &line).await {
                Ok(Some(answer)) => format!("{answer}\nok\n"),
                Ok(None) => "ok\n".into(),
                Err(error) => format!("{error}\n"),
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(true)
}
