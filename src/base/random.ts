// Seeded random numbers: small, fast, the same on every machine.
// Every stream is named, so that adding a draw in one place moves no draw in another.

/** The multiplier of FNV-1a, and one without relation to it (the golden ratio's, of Knuth's multiplicative hashing). */
const multipliers = [0x01000193, 0x9e3779b1] as const

/** The hash of an empty text. */
const emptyHash = 0x811c9dc5

/**
 * A hash of a text by the scheme of FNV-1a, 32 bits with a sign: turns the name of a stream into a seed. Two of them, with different
 * multipliers, tell names apart; of 80,000 names one alone would more likely than not take two for the same.
 * @param from the hash of what stands before the text
 */
const hashText = (text: string, multiplier: number, from = emptyHash): number => {
  let hash = from
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, multiplier)
  }
  return hash
}

/** What the upper half of a seed adds to a name. */
const seedMark = (seed: number): string => `#${Math.floor(seed / 0x1_0000_0000)}`

const hexDigits = '0123456789abcdef'

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand and BigCrush. */
export class Random {
  private a = 0
  private b = 0
  private c = 0
  private counter = 1

  /** A stream named by a seed and any labels; equal names give equal streams. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    const name = labels.join('/')
    this.begin(seed, hashText(name, multipliers[0]), hashText(name + seedMark(seed), multipliers[1]))
  }

  /** Begins another stream: {@link NumberedRandom} hashes its name. */
  begin(seed: number, b: number, c: number): this {
    // All of the state is kept as 32-bit whole numbers: an engine holds larger ones as objects of their own.
    this.a = seed | 0
    this.b = b
    this.c = c
    this.counter = 1
    for (let i = 0; i < 12; i++) this.uint32()
    return this
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

  /** Normally distributed with mean 0 and variance 1 (Box & Muller 1958). Takes two numbers of the stream. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()))
    return radius * Math.cos(2 * Math.PI * this.unit())
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

/** Streams whose names differ in a number at their end: what their names have in common is hashed once. */
export class NumberedRandom {
  private readonly seed: number
  private readonly mark: string
  private readonly b: number
  private readonly c: number
  private readonly stream: Random

  constructor(seed: number, ...labels: readonly [string | number, ...(string | number)[]]) {
    const name = `${labels.join('/')}/`
    this.seed = seed
    this.mark = seedMark(seed)
    this.b = hashText(name, multipliers[0])
    this.c = hashText(name, multipliers[1])
    this.stream = new Random(seed)
  }

  /** The stream `new Random(seed, ...labels, number)`, from its beginning. One object serves all: draw before the next call. */
  at(number: number): Random {
    const digits = String(number)
    const c = hashText(this.mark, multipliers[1], hashText(digits, multipliers[1], this.c))
    return this.stream.begin(this.seed, hashText(digits, multipliers[0], this.b), c)
  }
}
