// SPDX-License-Identifier: Apache-2.0
//
// What needs streams of our own, which the other side echoes.
import { Source } from './data.js'

const LIMIT = 60000

// Polls a condition that the library has no signal for.
export async function until (condition) {
  for (const end = Date.now() + LIMIT; !condition();) {
    if (Date.now() > end) throw new Error('did not happen in time')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

async function greet (line, text) {
  await line.write(`${text}\n`)
  const back = await line.readLine()
  if (back !== text) throw new Error(`"${back}" came, not "${text}"`)
}

// Sends so many bytes while they come back, ends, and expects the end after the last byte.
async function echoOnce (line, seed, length) {
  const sent = line.send(new Source(seed, length)).then(() => line.end())
  await Promise.all([sent, line.expect(new Source(seed, length))])
}

// All have echoed a line before any goes on.
async function openMany (peer, count, length) {
  const lines = await Promise.all(Array.from({ length: count }, async (_, i) => {
    const line = peer.open()
    await greet(line, `stream ${i}`)
    return line
  }))
  await Promise.all(lines.map((line, i) => echoOnce(line, i, length)))
}

// More than one window is sent and the direction ended before anything is read.
async function endBeforeReading (peer, length) {
  const line = peer.open()
  await line.send(new Source(2, length))
  await line.end()
  // A question answered now was answered after the end was seen: the wire keeps their order.
  await peer.connection.muxer.ping()
  await line.expect(new Source(2, length))
}

// Streams whose echo is not read are reset. The others must not notice.
async function resetBlocked (peer, count) {
  await Promise.all(Array.from({ length: count }, async () => {
    const line = peer.open()
    await line.send(new Source(3, 400 << 10))
    line.reset()
  }))
  await openMany(peer, 1, 1000)
}

async function refusals (peer, count) {
  const refused = await Promise.all(Array.from({ length: count }, async (_, i) => {
    const line = peer.open()
    try {
      await greet(line, `stream ${i}`)
      line.release()
      return 0
    } catch (error) {
      if (!line.wasReset) throw error
      return 1
    }
  }))
  return refused.reduce((sum, one) => sum + one, 0)
}

// The connection breaks with streams in full flow.
async function breakInFlow (peer, count) {
  for (let i = 0; i < count; i++) peer.open().send(new Source(i, 10 << 20)).catch(() => {})
  await peer.connection.muxer.ping()
  peer.connection.drop()
  await peer.connection.done
}

const commands = {
  open: openMany,
  empty: async peer => {
    const line = peer.open()
    await line.end()
    await line.expect(new Source(0, 0))
  },
  'half-close': endBeforeReading,
  'reset-open': resetBlocked,
  refusals,
  ping: async (peer, count) => {
    for (let i = 0; i < count; i++) await peer.connection.muxer.ping()
    await openMany(peer, 1, 1000)
  },
  break: breakInFlow
}

export async function act (peer, text) {
  const [name, ...numbers] = text.split(' ')
  if (commands[name] === undefined) throw new Error(`unknown command "${text}"`)
  return await commands[name](peer, ...numbers.map(Number))
}
