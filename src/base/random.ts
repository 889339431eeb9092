// Seeded random numbers: small, fast, the same on every machine.
// Every stream is named, so that adding a draw in one place moves no draw in another.

/** The multiplier of FNV-1a, and one without relation to it (the golden ratio's, of Knuth's multiplicative hashing). */
const multipliers = [0x01000193, 0x9e3779b1] as const

/**
 * A hash of a text by the scheme of FNV-1a, 32 bits with a sign: turns the name of a stream into a seed. Two of them, with different
 * multipliers, tell names apart; of 80,000 names one alone would more likely than not take two for the same.
 */
const hashText = (text: string, multiplier: number): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, multiplier)
  }
  return hash
}

const hexDigits = '0123456789abcdef'

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand and BigCrush. */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  /** A stream named by a seed and any labels; equal names give equal streams. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    const name = labels.join('/')
    // All of the state is kept as 32-bit whole numbers: an engine holds larger ones as objects of their own.
    this.a = seed | 0
    this.b = hashText(name, multipliers[0])
    this.c = hashText(`${name}#${Math.floor(seed / 0x1_0000_0000)}`, multipliers[1])
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A whole number in 0 … 2³²−1. */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + t) | 0
    return t >>> 0
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** A whole number in 0 … below−1. */
  int(below: number): number {
    return Math.floor(this.unit() * below)
  }

  /** Exponentially distributed with the given mean: the gap between two arrivals of a Poisson process. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T
  }

  /** So many lower-case hexadecimal digits. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) {
      let word = this.uint32()
      for (let i = 0; i < 8 && text.length < digits; i++) {
        text += hexDigits[word & 15]
        word >>>= 4
      }
    }
    return text
  }

  /** So many random bytes. */
  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count)
    for (let i = 0; i < count; i += 4) {
      const word = this.uint32()
      for (let j = 0; j < 4 && i + j < count; j++) out[i + j] = (word >>> (8 * j)) & 255
    }
    return out
  }
}
