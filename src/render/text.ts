// Numbers, times and names as a person reads them, and text fitted to a terminal's width.
// One place, so that the terminal and the HTML report never show the same figure in two ways.

/** 12480 → `12,480`. What is not a number has no figure: `–`. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** Three significant digits at most, and thousands with commas: 9.13, 0.042, 1,204. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 100) return count(value)
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)))
  return value.toFixed(digits).replace(/\.?0+$/, '')
}

/** Milliseconds with their unit; seconds from 10,000 ms on. */
export function milliseconds(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–'
  return ms >= 10_000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`
}

/** Seconds per second of scenario time: `9.1/s`. */
export function rate(perSec: number | null): string {
  return perSec === null || !Number.isFinite(perSec) ? '–' : `${figure(perSec)}/s`
}

/** A part of a whole: `2.1 %`; a small one is never shown as none. */
export function share(part: number, whole: number): string {
  if (!(whole > 0)) return '–'
  const percent = (100 * part) / whole
  if (percent === 0) return '0 %'
  if (percent < 0.01) return '< 0.01 %'
  if (percent < 100 && percent > 99.99) return '> 99.99 %'
  return `${percent < 10 ? percent.toFixed(percent < 0.1 ? 2 : 1).replace(/\.?0+$/, '') : percent.toFixed(0)} %`
}

/** Scenario time from the start of the run, as a clock: `0:30:02`. */
export function clockTime(sec: number): string {
  if (!Number.isFinite(sec)) return '–'
  const whole = Math.round(Math.abs(sec))
  const two = (value: number): string => value.toString().padStart(2, '0')
  const text = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return sec < 0 && whole > 0 ? `-${text}` : text
}

/** `0:30` where the seconds are none, `0:30:02` else. */
export function shortTime(sec: number): string {
  const text = clockTime(sec)
  return text.endsWith(':00') ? text.slice(0, -3) : text
}

/** Seconds from an instant that matters, as a clock: `+0:15:00`, `-0:10:00`. */
export function relativeTime(sec: number): string {
  return sec > 0 ? `+${clockTime(sec)}` : clockTime(sec)
}

/** The same without seconds where they are none: `+0:15`. */
export const shortRelativeTime = (sec: number): string => relativeTime(sec).replace(/(?<=:\d\d):00$/, '')

/** How long something took: `8 s`, `21 min 38 s`, `24 h`. */
export function duration(sec: number): string {
  if (!Number.isFinite(sec)) return '–'
  if (sec < 60) return `${figure(sec)} s`
  const whole = Math.round(sec)
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
  ]
  if (whole >= 3 * 86_400) return joinParts([`${days} d`, part(Math.floor(whole / 3600) % 24, 'h')])
  if (hours > 0) return joinParts([`${hours} h`, part(minutes, 'min')])
  return joinParts([`${minutes} min`, part(whole % 60, 's')])
}

/** How long somebody waited, in whole seconds: parts of one do not matter there, but are not nothing either. */
export const aboutDuration = (sec: number): string =>
  sec > 0 && sec < 1 ? '< 1 s' : duration(Math.round(sec))

const part = (value: number, unit: string): string => (value === 0 ? '' : `${value} ${unit}`)
const joinParts = (parts: readonly string[]): string => parts.filter((each) => each !== '').join(' ')

/** Bytes in units of 1024: `1.2 GiB`. */
export function bytes(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = value
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${figure(size)} ${units[unit] ?? ''}`
}

/** `one, two and three`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}

/** `1 gate`, `3 gates`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/**
 * Text from a scenario or a server without the characters that steer a terminal (escape sequences, bells,
 * reordering of right-to-left text). Line breaks and tabs become spaces.
 */
export function plain(text: string): string {
  return (
    text
      .replace(/[\t\n\r]+/g, ' ')
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '')
  )
}

/** Breaks text into lines of at most `width` characters; a longer word is cut. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const room = Math.max(8, width - indent.length)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    let rest = word
    if (line !== '' && line.length + 1 + rest.length > room) {
      lines.push(line)
      line = ''
    }
    while (rest.length > room) {
      if (line !== '') lines.push(line)
      line = ''
      lines.push(rest.slice(0, room))
      rest = rest.slice(room)
    }
    line = line === '' ? rest : `${line} ${rest}`
  }
  if (line !== '') lines.push(line)
  return lines.map((each) => indent + each)
}

/** Breaks text as `wrap` does, but leaves a long word whole, as a path that somebody wants to copy. */
export function fold(text: string, width: number, indent: string): string {
  let line = ''
  const lines: string[] = []
  for (const word of text.split(' ')) {
    if (line !== '' && line !== indent && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

/** Cuts text to a width, with `…` where something is missing. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
