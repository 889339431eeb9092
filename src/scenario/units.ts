// Quantities as people write them (`1h30m`, `4kB`, `2%`, `90/m`), read into plain numbers and back.
// It exists so that no number in a scenario or an option can be taken for the wrong unit.

/** What reading a quantity gave: its value, or what is wrong and what would be right. */
export type Reading =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

interface Unit {
  readonly name: string
  readonly factor: number
}

const durationUnits: readonly Unit[] = [
  { name: 'w', factor: 604_800 },
  { name: 'd', factor: 86_400 },
  { name: 'h', factor: 3600 },
  { name: 'm', factor: 60 },
  { name: 's', factor: 1 },
  { name: 'ms', factor: 0.001 },
]

const sizeUnits: readonly Unit[] = [
  { name: 'B', factor: 1 },
  { name: 'kB', factor: 1e3 },
  { name: 'MB', factor: 1e6 },
  { name: 'GB', factor: 1e9 },
  { name: 'TB', factor: 1e12 },
  { name: 'KiB', factor: 2 ** 10 },
  { name: 'MiB', factor: 2 ** 20 },
  { name: 'GiB', factor: 2 ** 30 },
  { name: 'TiB', factor: 2 ** 40 },
]

/** Longer words that people write for a unit of time. */
const spelledUnits: readonly (readonly [RegExp, string])[] = [
  [/^(?:milliseconds?|millis|msecs?)$/i, 'ms'],
  [/^(?:seconds?|secs?|S)$/i, 's'],
  [/^(?:minutes?|mins?)$/i, 'm'],
  [/^(?:hours?|hrs?|H)$/i, 'h'],
  [/^(?:days?|D)$/i, 'd'],
  [/^(?:weeks?|W)$/i, 'w'],
]

const read = (value: number): Reading => ({ ok: true, value })
const wrong = (message: string, remedy: string): Reading => ({ ok: false, message, remedy })

/** A value as it should be quoted in a message. */
export const showValue = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return JSON.stringify(value)
  return `"${value.length > 40 ? `${value.slice(0, 37)}...` : value}"`
}

const durationRemedy = 'write it with its units (w, d, h, m, s, ms): 24h, 1h30m, 30s, 250ms'

/** The same duration with the units that we know, or null if that is not to be had. */
const respelled = (text: string): string | null => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([A-Za-z]+)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.replace(/\s+(?=\d)/g, ''))
    return null
  const known = parts.map(([, digits = '', word = '']) => {
    if (durationUnits.some((unit) => unit.name === word)) return digits + word
    const unit = spelledUnits.find(([pattern]) => pattern.test(word))?.[1]
    return unit === undefined ? null : digits + unit
  })
  const joined = known.join('')
  return known.includes(null) || !readDuration(joined).ok ? null : joined
}

/**
 * A duration in seconds, exact to a microsecond: `24h`, `1h30m`, `30s`, `250ms`; units w, d, h, m, s, ms, each at
 * most once, the large ones first. Zero is written `0s`. Never negative.
 */
export const readDuration = (value: unknown): Reading => {
  if (typeof value === 'number') {
    return wrong(`${value} has no unit`, `write ${value}s if seconds are meant`)
  }
  if (typeof value !== 'string') return wrong(`expected a duration, got ${showValue(value)}`, durationRemedy)
  const text = value.trim()
  if (/^\d+(?:\.\d+)?$/.test(text)) return wrong(`${text} has no unit`, `write ${text}s if seconds are meant`)
  if (/^-\d/.test(text)) return wrong(`${showValue(text)} is negative`, 'a duration is zero or more')
  if (!/^(?:\d+(?:\.\d+)?[a-z]+)+$/.test(text)) return unreadable(text)
  let micros = 0
  let least = -1
  for (const [, digits = '', name = ''] of text.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    const rank = durationUnits.findIndex((unit) => unit.name === name)
    if (rank === -1) return unreadable(text)
    if (rank <= least) {
      return wrong(`${showValue(text)} has its units out of order`, 'the large ones first, each once: 1h30m')
    }
    least = rank
    micros += Number(digits) * (durationUnits[rank]?.factor ?? 0) * 1e6
  }
  const seconds = Math.round(micros) / 1e6
  return Number.isFinite(seconds) ? read(seconds) : wrong(`${showValue(text)} is too long`, durationRemedy)
}

const unreadable = (text: string): Reading => {
  const better = respelled(text)
  return wrong(`${showValue(text)} is not a duration`, better === null ? durationRemedy : `write ${better}`)
}

const sizeRemedy = 'write it with its unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB): 4300B, 4kB, 1GiB'

/** A size in whole bytes: `4300B`, `4kB` (1,000 each), `4KiB` (1,024 each), `1.5GiB`. */
export const readSize = (value: unknown): Reading => {
  if (typeof value === 'number') return wrong(`${value} has no unit`, `write ${value}B if bytes are meant`)
  if (typeof value !== 'string') return wrong(`expected a size, got ${showValue(value)}`, sizeRemedy)
  const text = value.trim()
  if (/^\d+$/.test(text)) return wrong(`${text} has no unit`, `write ${text}B if bytes are meant`)
  const [, digits = '', name = ''] = /^(\d+(?:\.\d+)?)\s?([A-Za-z]+)$/.exec(text) ?? []
  const unit = sizeUnits.find((candidate) => candidate.name === name)
  if (unit !== undefined) return read(Math.round(Number(digits) * unit.factor))
  const letter = /^[kmgt]/i.exec(name)?.[0].toUpperCase()
  if (letter === undefined) return wrong(`${showValue(text)} is not a size`, sizeRemedy)
  const thousands = letter === 'K' ? 'kB' : `${letter}B`
  const remedy = `write ${digits}${thousands} (powers of 1,000) or ${digits}${letter}iB (powers of 1,024)`
  return wrong(`${showValue(text)} has an unknown unit`, remedy)
}

const shareRemedy = 'write a share from 0 to 1, or a percentage: 0.02, 2%'

/** A share from 0 to 1: `2%`, `0.02`. */
export const readShare = (value: unknown): Reading => {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : null
  if (text === null) return wrong(`expected a share, got ${showValue(value)}`, shareRemedy)
  const percent = /^(-?\d+(?:\.\d+)?)\s?%$/.exec(text)?.[1]
  const share = percent === undefined ? (text === '' ? NaN : Number(text)) : Number(percent) / 100
  if (!Number.isFinite(share)) return wrong(`${showValue(value)} is not a share`, shareRemedy)
  if (share >= 0 && share <= 1) return read(share)
  const remedy =
    percent === undefined && share > 1 && share <= 100 ? `write ${share}% if that is meant` : shareRemedy
  return wrong(`${showValue(value)} is not between 0 and 1`, remedy)
}

const rateRemedy = 'write a count and a unit of time (s, m, h, d): 25/s, 90/m, 0.5/h'

/** A rate in events a second: `25/s`, `90/m`, `0.5/h`, `1000/d`. Above zero. */
export const readRate = (value: unknown): Reading => {
  if (typeof value === 'number') return wrong(`${value} has no unit`, `write ${value}/s if that is meant`)
  if (typeof value !== 'string') return wrong(`expected a rate, got ${showValue(value)}`, rateRemedy)
  const text = value.trim()
  const [, digits, name] = /^(-?\d+(?:\.\d+)?)\s?\/\s?([a-z]+)$/.exec(text) ?? []
  if (digits === undefined) return wrong(`${showValue(text)} is not a rate`, rateRemedy)
  const unit = ['s', 'm', 'h', 'd'].includes(name ?? '')
    ? durationUnits.find((candidate) => candidate.name === name)
    : undefined
  if (unit === undefined) return wrong(`${showValue(text)} has an unknown unit`, rateRemedy)
  const rate = Number(digits) / unit.factor
  return rate > 0 ? read(rate) : wrong(`${showValue(text)} is not above zero`, rateRemedy)
}

/**
 * Seconds as a duration that `readDuration` reads back to the same microsecond: 5400 → `1h30m`, 0.25 → `250ms`.
 * Hours are the largest unit, as `24h` is the field's word for a day of validity.
 */
export const formatDuration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return String(seconds)
  if (seconds < 0) return `-${formatDuration(-seconds)}`
  let micros = Math.round(seconds * 1e6)
  let text = ''
  for (const { name, micros: unit } of formatUnits) {
    const count = name === 'ms' ? micros / unit : Math.floor(micros / unit)
    if (count > 0) text += `${count}${name}`
    micros -= count * unit
  }
  return text === '' ? '0s' : text
}

const formatUnits: readonly { readonly name: string; readonly micros: number }[] = [
  { name: 'h', micros: 3.6e9 },
  { name: 'm', micros: 6e7 },
  { name: 's', micros: 1e6 },
  { name: 'ms', micros: 1e3 },
]
