// SPDX-License-Identifier: Apache-2.0

//! A connection of the library has one task that polls it. Everything else asks that task.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};
use yamux::{Config, Connection, ConnectionError, Mode, Stream};

use crate::Fallible;

enum Request {
    Open(oneshot::Sender<Stream>),
    Close,
    Drop,
}

/// Streams that the other side opened, then what ended the session.
pub struct Inbound {
    pub streams: mpsc::UnboundedReceiver<Stream>,
    pub end: oneshot::Receiver<Result<(), ConnectionError>>,
}

pub struct Session {
    requests: mpsc::UnboundedSender<Request>,
    /// How many streams the other side reset.
    pub resets: Mutex<usize>,
    /// Digests of what came after our end was sent.
    pub early: Mutex<VecDeque<String>>,
}

struct Driver {
    connection: Connection<Compat<UnixStream>>,
    requests: mpsc::UnboundedReceiver<Request>,
    opens: VecDeque<oneshot::Sender<Stream>>,
    inbound: mpsc::UnboundedSender<Stream>,
    closing: bool,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        while let Poll::Ready(Some(request)) = self.requests.poll_recv(cx) {
            match request {
                Request::Open(reply) => self.opens.push_back(reply),
                Request::Close => self.closing = true,
                Request::Drop => return Poll::Ready(Ok(())),
            }
        }
        if self.closing {
            return self.connection.poll_close(cx);
        }
        while !self.opens.is_empty() {
            match self.connection.poll_new_outbound(cx) {
                Poll::Ready(Ok(stream)) => drop(self.opens.pop_front().unwrap().send(stream)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        loop {
            match self.connection.poll_next_inbound(cx) {
                Poll::Ready(Some(Ok(stream))) => drop(self.inbound.send(stream)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Session {
    pub fn new(socket: UnixStream, mode: Mode) -> (Arc<Session>, Inbound) {
        let (requests, asked) = mpsc::unbounded_channel();
        let (inbound, streams) = mpsc::unbounded_channel();
        let (ended, end) = oneshot::channel();
        let mut driver = Driver {
            connection: Connection::new(socket.compat(), Config::default(), mode),
            requests: asked,
            opens: VecDeque::new(),
            inbound,
            closing: false,
        };
        tokio::spawn(async move {
            let result = poll_fn(|cx| driver.poll(cx)).await;
            drop(driver);
            drop(ended.send(result));
        });
        let session = Session { requests, resets: Mutex::default(), early: Mutex::default() };
        (Arc::new(session), Inbound { streams, end })
    }

    pub async fn open(&self) -> Fallible<Stream> {
        let (reply, stream) = oneshot::channel();
        self.requests.send(Request::Open(reply))?;
        Ok(stream.await?)
    }

    pub fn close(&self) {
        drop(self.requests.send(Request::Close));
    }

    pub fn drop_connection(&self) {
        drop(self.requests.send(Request::Drop));
    }
}
