// SPDX-License-Identifier: Apache-2.0
//
// A stream that the other side opened: its first line is a command.
import { act, until } from './active.js'
import { Source } from './data.js'

const commands = {
  echo: (peer, line) => line.echo(),
  sum: async (peer, line) => {
    const { sum } = await line.drain()
    await line.write(`${sum}\n`)
    await line.send(new Source(5, 1 << 20))
    await line.end()
  },
  source: async (peer, line, length) => {
    await line.send(new Source(5, length))
    await line.end()
  },
  early: async (peer, line) => {
    await line.end()
    peer.early.push((await line.drain()).sum)
  },
  digest: async (peer, line) => {
    await until(() => peer.early.length > 0)
    await line.write(`${peer.early.shift()}\n`)
  },
  flood: async (peer, line) => {
    for (;;) await line.write(new Uint8Array(512))
  },
  resets: async (peer, line, count) => {
    await until(() => peer.resets >= count)
    await line.write('ok\n')
  },
  reset: (peer, line) => line.reset(),
  // Its backlog is of open streams: there is nothing to hold.
  hold: async (peer, line) => {
    await line.write('ok\n')
    await line.drain()
    await line.end()
  },
  close: peer => { peer.connection.close() },
  drop: peer => peer.connection.drop()
}

export async function obey (peer, line) {
  const text = await line.readLine()
  const [name, ...numbers] = text.split(' ')
  if (commands[name] !== undefined) return await commands[name](peer, line, ...numbers.map(Number))
  let answer
  try {
    answer = await act(peer, text)
    answer = answer === undefined ? 'ok' : `${answer}\nok`
  } catch (error) {
    answer = error.message
  }
  await line.write(`${answer}\n`)
}
