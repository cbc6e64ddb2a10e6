// SPDX-License-Identifier: Apache-2.0
//
// jspeer is the other end of the interoperability tests: the yamux of js-libp2p over a Unix socket.
// tests/interop/README.md has what every peer understands.
//
//   node main.js serve [--backlog N] PATH
//   node main.js dial [--backlog N] PATH
//   node main.js run PATH COMMAND...
import { dial, run, serve } from './endpoint.js'

const [role, ...rest] = process.argv.slice(2)
let backlog = 256
if (rest[0] === '--backlog') {
  backlog = Number(rest[1])
  rest.splice(0, 2)
}
const [path, ...commands] = rest
const roles = {
  serve: () => serve(path, backlog),
  dial: () => dial(path, backlog),
  run: () => run(path, commands)
}
if (roles[role] === undefined || path === undefined) {
  console.error('usage: main.js serve|dial|run [--backlog N] PATH [COMMAND]...')
  process.exit(2)
}
roles[role]().then(
  failed => process.exit(failed > 0 ? 1 : 0),
  error => {
    console.error(error.message)
    process.exit(1)
  })
