// SPDX-License-Identifier: Apache-2.0
//
// A session of the library over a socket, without the rest of libp2p.
import { yamux } from '@chainsafe/libp2p-yamux'

// What is read ahead of the library, in pieces.
const READ_AHEAD = 16

// What the library iterates: the socket's bytes. A broken socket is at its end.
class Inlet {
  constructor (socket) {
    this.socket = socket
    this.pieces = []
    this.ended = false
    this.waiting = undefined
    socket.on('data', piece => this.put(piece))
    for (const event of ['end', 'close', 'error']) socket.on(event, () => this.finish())
  }

  [Symbol.asyncIterator] () {
    return this
  }

  put (piece) {
    if (this.waiting !== undefined) {
      const waiting = this.waiting
      this.waiting = undefined
      waiting({ value: piece, done: false })
      return
    }
    this.pieces.push(piece)
    if (this.pieces.length > READ_AHEAD) this.socket.pause()
  }

  next () {
    if (this.pieces.length > 0) {
      const value = this.pieces.shift()
      if (this.pieces.length === 0) this.socket.resume()
      return Promise.resolve({ value, done: false })
    }
    if (this.ended) return Promise.resolve({ done: true })
    return new Promise(resolve => { this.waiting = resolve })
  }

  finish () {
    this.ended = true
    this.waiting?.({ done: true })
    this.waiting = undefined
  }

  return () {
    this.finish()
    return Promise.resolve({ done: true })
  }
}

export class Connection {
  constructor (socket, client, backlog, onStream) {
    this.socket = socket
    this.complaints = []
    this.closing = false
    const components = { logger: { forComponent: () => this.log() } }
    this.muxer = yamux({ keepAliveInterval: 100, maxInboundStreams: backlog })(components).createStreamMuxer({
      direction: client ? 'outbound' : 'inbound',
      onIncomingStream: onStream
    })
    this.wake = undefined // of the pump that waits for room
    for (const event of ['drain', 'close']) socket.on(event, () => this.wake?.())
    this.done = Promise.all([this.muxer.sink(new Inlet(socket)), this.pump()]).then(() => {})
  }

  // The library's errors are what we did wrong, but for those that any end of a session brings.
  log () {
    const log = () => {}
    log.trace = () => {}
    log.enabled = false
    log.error = (format, ...details) => {
      const usual = details.some(detail => detail?.name === 'MuxerClosedError')
      if (!usual && !this.closing) this.complaints.push([format, ...details].join(' '))
    }
    return log
  }

  async pump () {
    for await (const piece of this.muxer.source) {
      if (this.socket.destroyed) continue
      if (!this.socket.write(piece.subarray())) await new Promise(resolve => { this.wake = resolve })
    }
    this.socket.end()
  }

  async close () {
    this.closing = true
    await this.muxer.close()
    await this.done
  }

  drop () {
    this.closing = true
    this.socket.destroy()
  }
}
