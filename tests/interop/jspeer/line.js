// SPDX-License-Identifier: Apache-2.0
//
// A stream as something to read and write: the library's streams are a source that is iterated and a sink that iterates.
import { Sum } from './data.js'

// What the sink iterates. A write is done when the sink asks for more.
class Outlet {
  constructor () {
    this.item = undefined // { bytes, resolve, reject }; bytes undefined: the end
    this.taken = undefined
    this.waiting = undefined
    this.closed = false
  }

  [Symbol.asyncIterator] () {
    return this
  }

  next () {
    this.taken?.resolve()
    this.taken = undefined
    if (this.closed) return Promise.resolve({ done: true })
    if (this.item !== undefined) return Promise.resolve(this.take())
    return new Promise(resolve => { this.waiting = resolve })
  }

  return () {
    this.closed = true
    const error = new Error('the stream does not take more')
    this.taken?.reject(error)
    this.item?.reject(error)
    this.waiting?.({ done: true })
    this.taken = this.item = this.waiting = undefined
    return Promise.resolve({ done: true })
  }

  take () {
    const item = this.item
    this.item = undefined
    if (item.bytes === undefined) {
      this.closed = true
      item.resolve()
      return { done: true }
    }
    this.taken = item
    return { value: item.bytes, done: false }
  }

  give (bytes) {
    if (this.closed) return Promise.reject(new Error('the stream does not take more'))
    return new Promise((resolve, reject) => {
      this.item = { bytes, resolve, reject }
      const waiting = this.waiting
      this.waiting = undefined
      waiting?.(this.take())
    })
  }
}

export class Line {
  constructor (stream) {
    this.stream = stream
    this.outlet = new Outlet()
    this.input = stream.source[Symbol.asyncIterator]()
    this.rest = undefined // bytes that were read beyond a line
    this.sunk = stream.sink(this.outlet).catch(() => this.outlet.return())
  }

  get wasReset () {
    return this.stream.status === 'reset'
  }

  async write (data) {
    await this.outlet.give(typeof data === 'string' ? new TextEncoder().encode(data) : data)
  }

  // Ends our direction; the other goes on.
  async end () {
    await this.outlet.give(undefined)
    await this.sunk
  }

  reset () {
    this.stream.abort(new Error('enough'))
  }

  // For when nothing more is read. Both directions are over already as a rule.
  release () {
    this.stream.close({ signal: AbortSignal.timeout(10000) }).catch(() => {})
  }

  // The next bytes; undefined at the end.
  async read () {
    if (this.rest !== undefined) {
      const rest = this.rest
      this.rest = undefined
      return rest
    }
    const { value, done } = await this.input.next()
    return done ? undefined : value.subarray()
  }

  async readLine () {
    let text = ''
    for (;;) {
      const bytes = await this.read()
      if (bytes === undefined) throw new Error(`the end came after "${text}"`)
      const end = bytes.indexOf(10)
      text += new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
      if (end < 0) continue
      if (end + 1 < bytes.length) this.rest = bytes.subarray(end + 1)
      return text
    }
  }

  // Reads to the end.
  async drain () {
    const sum = new Sum()
    let length = 0
    for (;;) {
      const bytes = await this.read()
      if (bytes === undefined) return { sum: sum.toString(), length }
      sum.add(bytes)
      length += bytes.length
    }
  }

  async send (source) {
    for (let bytes = source.next(); bytes !== undefined; bytes = source.next()) await this.write(bytes)
  }

  async echo () {
    for (let bytes = await this.read(); bytes !== undefined; bytes = await this.read()) await this.write(bytes)
    await this.end()
  }

  async expect (source) {
    const length = source.length
    const got = await this.drain()
    if (got.length !== length) throw new Error(`${got.length} bytes came, not ${length}`)
    const wanted = source.digest()
    if (got.sum !== wanted) throw new Error(`checksum is ${got.sum}, not ${wanted}`)
  }
}
