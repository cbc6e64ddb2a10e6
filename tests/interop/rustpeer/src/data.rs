// SPDX-License-Identifier: Apache-2.0

//! The same bytes as every other peer makes of the same seed, their FNV-1a, and reading and writing them.

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::Fallible;

pub struct Sum(u64);

impl Sum {
    pub fn new() -> Sum {
        Sum(0xcbf29ce484222325)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100000001b3);
        }
    }

    pub fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}

pub struct Source {
    state: u64,
    length: usize,
}

impl Source {
    pub fn new(seed: usize, length: usize) -> Source {
        Source { state: (seed as u64).wrapping_mul(0x9e3779b97f4a7c15).wrapping_add(1), length }
    }

    /// The next bytes, at most 64 KiB; none at the end.
    fn next(&mut self, bytes: &mut Vec<u8>) {
        bytes.resize(self.length.min(65536), 0);
        for byte in bytes.iter_mut() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            *byte = (self.state >> 32) as u8;
        }
        self.length -= bytes.len();
    }

    pub async fn send(mut self, to: &mut (impl AsyncWrite + Unpin)) -> Fallible<()> {
        let mut bytes = Vec::new();
        loop {
            self.next(&mut bytes);
            if bytes.is_empty() {
                return Ok(());
            }
            to.write_all(&bytes).await?;
        }
    }

    pub async fn expect(mut self, from: &mut (impl AsyncRead + Unpin)) -> Fallible<()> {
        let (wanted, mut sum, mut bytes) = (self.length, Sum::new(), Vec::new());
        let (length, got) = drain(from).await?;
        if length != wanted {
            return Err(format!("{length} bytes came, not {wanted}").into());
        }
        while self.length > 0 {
            self.next(&mut bytes);
            sum.add(&bytes);
        }
        if got != sum.text() {
            return Err(format!("checksum is {got}, not {}", sum.text()).into());
        }
        Ok(())
    }
}

/// Reads to the end: how much there was, and its checksum.
pub async fn drain(from: &mut (impl AsyncRead + Unpin)) -> Fallible<(usize, String)> {
    let (mut sum, mut length, mut bytes) = (Sum::new(), 0, vec![0; 65536]);
    loop {
        let got = from.read(&mut bytes).await?;
        if got == 0 {
            return Ok((length, sum.text()));
        }
        sum.add(&bytes[..got]);
        length += got;
    }
}

/// Reads a line byte by byte, and so nothing beyond it.
pub async fn read_line(from: &mut (impl AsyncRead + Unpin)) -> Fallible<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        if from.read(&mut byte).await? == 0 {
            return Err(format!("the end came after {line:?}").into());
        }
        if byte[0] == b'\n' {
            return Ok(String::from_utf8(line)?);
        }
        line.push(byte[0]);
    }
}
