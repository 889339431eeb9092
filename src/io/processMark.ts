// A process that says who it is, in a link that leads nowhere: made with its text in one step, gone over by whoever opens files.
// It exists so that what a killed process has left can be told from what a living one needs.

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from './systemCode.js'

/** Who has left a mark. */
export interface ProcessMark {
  readonly purpose: string
  readonly pid: number
  /** When the process began, in the kernel's own count: a later one with its number began at another time. */
  readonly startedTicks: string
  /** The boot of the machine and the name space in which the number counts. */
  readonly boot: string
  readonly pidSpace: string
  readonly host: string
  readonly sinceSec: number
}

const textOf = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    // No Linux, or a closed /proc.
    return ''
  }
}

/** State and start of a process: fields 3 and 22 of proc_pid_stat(5), counted from the end of the name, which may hold anything. */
const statOf = (pid: number | 'self'): { readonly state: string; readonly startedTicks: string } => {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startedTicks: fields[19] ?? '' }
}

const thisPlace = () => ({
  boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  pidSpace: textOf(() => readlinkSync('/proc/self/ns/pid')).replace(/\D/g, ''),
  host: encodeURIComponent(hostname()),
})

/** The mark of this process, as the text of a link. */
export const markOfOurs = (purpose: string): string => {
  const { boot, pidSpace, host } = thisPlace()
  const sinceSec = Math.floor(Date.now() / 1000)
  return ['cutover', purpose, process.pid, statOf('self').startedTicks, boot, pidSpace, host, sinceSec].join(
    ':',
  )
}

/** Null for a text that is none of ours. */
export const parseMark = (text: string): ProcessMark | null => {
  const [mark, purpose = '', pid, startedTicks = '', boot = '', pidSpace = '', host = '', since, more] =
    text.split(':')
  if (mark !== 'cutover' || !(Number(pid) > 0) || !(Number(since) > 0) || more !== undefined) return null
  return { purpose, pid: Number(pid), startedTicks, boot, pidSpace, host, sinceSec: Number(since) }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** What is known of the process: it is there, it is not, or it is where this one cannot look (another host, another container). */
export const stateOf = (mark: ProcessMark): 'there' | 'gone' | 'unknown' => {
  const here = thisPlace()
  if (mark.host === here.host && mark.boot !== here.boot) return 'gone'
  if (mark.host !== here.host || mark.pidSpace !== here.pidSpace) return 'unknown'
  if (!exists(mark.pid)) return 'gone'
  const { state, startedTicks } = statOf(mark.pid)
  // One that has ended and that nobody has asked about is still listed.
  if (state === 'Z') return 'gone'
  return startedTicks === '' || startedTicks === mark.startedTicks ? 'there' : 'gone'
}

/** `process 7 on elsewhere (rotation, since 2017-04-04T06:00:00Z)`. */
export const describeMark = (mark: ProcessMark): string => {
  const elsewhere = mark.host === thisPlace().host ? '' : ` on ${decodeURIComponent(mark.host)}`
  const since = new Date(mark.sinceSec * 1000).toISOString().replace('.000', '')
  return `process ${mark.pid}${elsewhere} (${mark.purpose}, since ${since})`
}
