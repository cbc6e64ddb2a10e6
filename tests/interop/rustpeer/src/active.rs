// SPDX-License-Identifier: Apache-2.0

//! What needs streams of our own, which the other side echoes.

use futures::future::{join, try_join_all};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use yamux::Stream;

use crate::data::{read_line, Source};
use crate::session::Session;
use crate::Fallible;

async fn greet(stream: &mut Stream, text: &str) -> Fallible<()> {
    stream.write_all(format!("{text}\n").as_bytes()).await?;
    let back = read_line(stream).await?;
    if back != text {
        return Err(format!("{back:?} came, not {text:?}").into());
    }
    Ok(())
}

/// Sends so many bytes while they come back, ends, and expects the end after the last byte.
async fn echo_once(stream: Stream, seed: usize, length: usize) -> Fallible<()> {
    let (mut reading, mut writing) = stream.split();
    let sending = async {
        Source::new(seed, length).send(&mut writing).await?;
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(writing.close().await?)
    };
    let (sent, received) = join(sending, Source::new(seed, length).expect(&mut reading)).await;
    received.and(sent)
}

/// All have echoed a line before any goes on.
async fn open_many(session: &Session, count: usize, length: usize) -> Fallible<()> {
    let streams = try_join_all((0..count).map(|i| async move {
        let mut stream = session.open().await?;
        greet(&mut stream, &format!("stream {i}")).await?;
        Fallible::Ok(stream)
    }))
    .await?;
    try_join_all(streams.into_iter().enumerate().map(|(i, stream)| echo_once(stream, i, length))).await?;
    Ok(())
}

async fn empty(session: &Session) -> Fallible<()> {
    let mut stream = session.open().await?;
    stream.close().await?;
    Source::new(0, 0).expect(&mut stream).await
}

/// More than one window is sent and the direction ended before anything is read.
async fn end_before_reading(session: &Session, length: usize) -> Fallible<()> {
    let mut stream = session.open().await?;
    Source::new(2, length).send(&mut stream).await?;
    stream.close().await?;
    Source::new(2, length).expect(&mut stream).await
}

/// Streams whose echo is not read are reset, as they are dropped. The others must not notice.
async fn reset_blocked(session: &Session, count: usize) -> Fallible<()> {
    try_join_all((0..count).map(|_| async move {
        let mut stream = session.open().await?;
        Source::new(3, 400 << 10).send(&mut stream).await
    }))
    .await?;
    open_many(session, 1, 1000).await
}

async fn refusals(session: &Session, count: usize) -> Fallible<usize> {
    let refused = try_join_all((0..count).map(|i| async move {
        let mut stream = session.open().await?;
        match greet(&mut stream, &format!("stream {i}")).await {
            Ok(()) => {
                stream.close().await?;
                Ok(0)
            }
            Err(_) if stream.is_closed() => Ok(1),
            Err(error) => Err(error),
        }
    }))
    .await?;
    Ok(refused.into_iter().sum())
}

/// The connection breaks with streams in full flow.
async fn break_in_flow(session: &Session, count: usize) -> Fallible<()> {
    for i in 0..count {
        let mut stream = session.open().await?;
        tokio::spawn(async move { drop(Source::new(i, 10 << 20).send(&mut stream).await) });
    }
    greet(&mut session.open().await?, "flowing").await?;
    session.drop_connection();
    Ok(())
}

pub async fn act(session: &Session, line: &str) -> Fallible<Option<String>> {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(0);
    match words[0] {
        "open" => open_many(session, number(1), number(2)).await?,
        "empty" => empty(session).await?,
        "half-close" => end_before_reading(session, number(1)).await?,
        "reset-open" => reset_blocked(session, number(1)).await?,
        "refusals" => return Ok(Some(refusals(session, number(1)).await?.to_string())),
        "break" => break_in_flow(session, number(1)).await?,
        _ => return Err(format!("unknown command {line:?}").into()),
    }
    Ok(None)
}
