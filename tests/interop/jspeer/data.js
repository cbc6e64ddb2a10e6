// SPDX-License-Identifier: Apache-2.0
//
// The same bytes as every other peer makes of the same seed, and their FNV-1a, in halves of 32 bits.

export class Sum {
  constructor () {
    this.high = 0xcbf29ce4
    this.low = 0x84222325
  }

  // One step is a multiplication by 2^40 + 0x1b3.
  add (bytes) {
    let { high, low } = this
    for (const byte of bytes) {
      low = (low ^ byte) >>> 0
      const product = low * 0x1b3
      high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / 2 ** 32)) >>> 0
      low = product >>> 0
    }
    this.high = high
    this.low = low
  }

  toString () {
    return [this.high, this.low].map(half => half.toString(16).padStart(8, '0')).join('')
  }
}

export class Source {
  constructor (seed, length) {
    const state = (BigInt(seed) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn
    this.high = Number(state >> 32n) | 0
    this.low = Number(state & 0xffffffffn) | 0
    this.length = length
    this.sum = new Sum()
  }

  // The next bytes, at most 64 KiB; undefined at the end.
  next () {
    if (this.length === 0) return undefined
    const bytes = new Uint8Array(Math.min(this.length, 65536))
    let { high, low } = this
    for (let i = 0; i < bytes.length; i++) {
      high ^= (high << 13) | (low >>> 19)
      low ^= low << 13
      low ^= (low >>> 7) | (high << 25)
      high ^= high >>> 7
      high ^= (high << 17) | (low >>> 15)
      low ^= low << 17
      bytes[i] = high
    }
    this.high = high
    this.low = low
    this.length -= bytes.length
    this.sum.add(bytes)
    return bytes
  }

  // The checksum of all of it.
  digest () {
    while (this.next() !== undefined);
    return this.sum.toString()
  }
}
