// SPDX-License-Identifier: Apache-2.0
//
// Listens or dials, and obeys commands: those of streams that the other side opens, or those of the command line.
import { createConnection, createServer } from 'node:net'
import { once } from 'node:events'
import { act } from './active.js'
import { Connection } from './connection.js'
import { Line } from './line.js'
import { obey } from './passive.js'

const LIMIT = 60000 // milliseconds for anything; reached by a fault only

// One connection, and what is known of it.
class Peer {
  constructor (socket, client, backlog) {
    this.resets = 0
    this.early = [] // digests of what came after our end was sent
    this.connection = new Connection(socket, client, backlog, stream => this.handle(new Line(stream)))
  }

  open () {
    return new Line(this.connection.muxer.newStream())
  }

  async handle (line) {
    try {
      await obey(this, line)
    } catch (error) {
      if (line.wasReset) this.resets++
    }
    line.release()
  }

  // Until the session ends.
  async answer () {
    await this.connection.done
    if (this.connection.complaints.length > 0) throw new Error(this.connection.complaints.join('; '))
  }
}

export async function serve (path, backlog) {
  const server = createServer({ allowHalfOpen: true }, socket => {
    new Peer(socket, false, backlog).answer().catch(error => console.error(error.message))
  })
  server.listen(path)
  await once(server, 'listening')
  console.log(`listening ${path}`)
  await once(server, 'close')
}

async function connect (path, backlog) {
  const socket = createConnection({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  return new Peer(socket, true, backlog)
}

export async function dial (path, backlog) {
  const peer = await connect(path, backlog)
  await peer.answer()
}

async function withLimit (promise) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no end in time')), LIMIT)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

// Obeys each command on a connection of its own, as the client of an endpoint that echoes.
export async function run (path, commands) {
  let failed = 0
  for (const command of commands) {
    let verdict = 'ok'
    try {
      const peer = await connect(path, 256)
      const answer = await withLimit(act(peer, command))
      if (answer !== undefined) console.log(answer)
      await withLimit(peer.connection.close())
      await peer.answer()
    } catch (error) {
      verdict = `FAILED: ${error.message}`
      failed++
    }
    console.log(`${command}: ${verdict}`)
  }
  return failed
}
