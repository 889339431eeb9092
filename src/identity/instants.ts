// Instants as Keystone writes them (`2026-11-22T01:42:26.000000Z`) from and to seconds since 1970.
// It exists because identity logic may not ask the machine for its clock, and because it must be fast.
// The calendar is the proleptic Gregorian one; the day algorithms are Howard Hinnant's `civil_from_days`.

const two = Array.from({ length: 100 }, (_, value) => (value < 10 ? `0${value}` : `${value}`))
const daySec = 86_400

let lastDay = Number.NaN
let lastDate = ''

/** `YYYY-MM-DD` of a day counted from 1970-01-01. */
const dateOf = (day: number): string => {
  if (day === lastDay) return lastDate
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  lastDay = day
  lastDate = `${String(year).padStart(4, '0')}-${two[month]}-${two[dayOfMonth]}`
  return lastDate
}

/** Seconds since 1970 as `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
export const isoInstant = (sec: number): string => {
  let whole = Math.floor(sec)
  let fraction = Math.round((sec - whole) * 1e6)
  if (fraction === 1_000_000) {
    whole++
    fraction = 0
  }
  const day = Math.floor(whole / daySec)
  const rest = whole - day * daySec
  const hour = Math.floor(rest / 3600)
  const minute = Math.floor((rest - hour * 3600) / 60)
  const digits = fraction === 0 ? '000000' : String(fraction).padStart(6, '0')
  return `${dateOf(day)}T${two[hour]}:${two[minute]}:${two[rest % 60]}.${digits}Z`
}

const instantShape = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|\+00:?00)?$/

const daysOf = (year: number, month: number, dayOfMonth: number): number => {
  const shiftedYear = month <= 2 ? year - 1 : year
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  )
}

/** Two decimal digits as a number; NaN for anything else. */
const pair = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

const wholeSecond = '.000000'
let lastParsedDate = ''
let lastParsedDay = 0

/**
 * The instants that this program writes, of whole seconds and on the day of the one before, without the regular
 * expression; null for all others, which are for the long way.
 */
const parseQuickly = (text: string): number | null => {
  if (text.length < 26 || !text.startsWith(lastParsedDate) || lastParsedDate === '') return null
  if (!text.startsWith(wholeSecond, 19) || (text.length > 26 && text.slice(26) !== 'Z')) return null
  const between = text.charCodeAt(10)
  if (between !== 0x54 && between !== 0x20) return null
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return null
  const hours = pair(text, 11)
  const minutes = pair(text, 14)
  const seconds = pair(text, 17)
  if (!(hours <= 23 && minutes <= 59 && seconds <= 60)) return null
  return lastParsedDay * daySec + hours * 3600 + minutes * 60 + seconds
}

/** The seconds since 1970 that a text in UTC names, or null if it is no instant. */
export const parseInstant = (text: string): number | null => parseQuickly(text) ?? parseSlowly(text)

const parseSlowly = (text: string): number | null => {
  const match = instantShape.exec(text)
  if (match === null) return null
  const month = Number(match[2])
  const dayOfMonth = Number(match[3])
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > 31) return null
  const seconds = Number(match[4]) * 3600 + Number(match[5]) * 60 + Number(match[6])
  if (Number(match[4]) > 23 || Number(match[5]) > 59 || Number(match[6]) > 60) return null
  lastParsedDate = text.slice(0, 10)
  lastParsedDay = daysOf(Number(match[1]), month, dayOfMonth)
  return lastParsedDay * daySec + seconds + Number(match[7] ?? 0)
}
