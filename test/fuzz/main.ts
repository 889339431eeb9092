// `npm run fuzz`: a hundred thousand damaged requests, in memory and on sockets; prints its seed and what it found.
// It exists so that "never a 500, never a hang" is a command that anybody can run again.
import { parseArgs } from 'node:util'
import { fuzzRequests, fuzzTokens } from './inProcess.js'
import type { Result, Tally } from './inProcess.js'
import { fuzzLarge } from './large.js'
import { fuzzSlowClients, fuzzSockets } from './sockets.js'
import { startWatchdog } from './watchdog.js'

const usage = `Usage: npm run fuzz [-- --seed N] [--requests N] [--json]

Sends damaged requests to the identity API: wrong values at every place of every body, paths, queries and headers of any
characters, damaged tokens, raw bytes on sockets, slow clients. Every answer must have Keystone's shape, nothing may be
written by a request that is refused, no log may hold a secret, and the server must go on serving.

  --seed N      repeats a run (default: a new one, which is printed)
  --requests N  how many at least (default: 100000)
  --json        the result as JSON

Exit code: 0 nothing found, 1 something found, 2 bad usage. Example: npm run fuzz -- --seed 7 --requests 20000`

interface Part {
  readonly name: string
  readonly tally: Tally
  readonly problems: readonly string[]
  /** What shows it, to be played again. */
  readonly shown: string
}

const shortened = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > 4000 ? `${text.slice(0, 4000)}… (${text.length} characters)` : text
}

const partOf = (name: string, { tally, found }: Result): Part => ({
  name,
  tally,
  problems: found === null ? [] : (found.finding?.problems ?? ['found once, not again']),
  shown: found === null ? '' : shortened({ ...found.sequence, last: found.finding?.request }),
})

const wholeNumber = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is no whole number`)
  return Number(text)
}

/** Shares of the parts: sockets cost most and reach least. */
const shares = { requests: 0.68, tokens: 0.2, sockets: 0.12 } as const

const lineOf = ({ name, tally, problems }: Part): string => {
  const statuses = Object.entries(tally.byStatus)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ')
  const verdict = problems.length === 0 ? 'nothing found' : problems.join('; ')
  return `${name.padEnd(14)} ${String(tally.requests).padStart(8)}  ${verdict}  (${statuses})`
}

const main = async (): Promise<number> => {
  let seed: number
  let requests: number
  let json: boolean
  try {
    const options = {
      seed: { type: 'string' },
      requests: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const
    const { values } = parseArgs({ options })
    if (values.help === true) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    seed = wholeNumber(values.seed, Date.now() % 1_000_000)
    requests = wholeNumber(values.requests, 100_000)
    json = values.json === true
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (!json) process.stdout.write(`seed ${seed}\n`)
  const progress = startWatchdog(`seed ${seed}`)
  const amount = (share: number): { seed: number; requests: number; progress: () => void } => ({
    seed,
    requests: Math.ceil(requests * share),
    progress,
  })
  const parts: Part[] = []
  const add = (part: Part): void => {
    parts.push(part)
    if (!json) process.stdout.write(`${lineOf(part)}\n`)
    if (!json && part.shown !== '') process.stdout.write(`  ${part.shown}\n`)
  }
  add(partOf('requests', fuzzRequests(amount(shares.requests))))
  add(partOf('tokens', fuzzTokens(amount(shares.tokens))))
  add({ name: 'large requests', ...fuzzLarge(progress), shown: '' })
  const sockets = await fuzzSockets(amount(shares.sockets))
  const { found } = sockets
  add({ name: 'sockets', tally: sockets.tally, problems: found?.problems ?? [], shown: found?.sent ?? '' })
  const slow = await fuzzSlowClients()
  add({ name: 'slow clients', tally: slow.tally, problems: slow.problems, shown: '' })
  const total = parts.reduce((sum, { tally }) => sum + tally.requests, 0)
  const problems = parts.flatMap((part) => part.problems)
  if (json) process.stdout.write(`${JSON.stringify({ seed, requests: total, parts }, null, 1)}\n`)
  else
    process.stdout.write(
      `${total} requests, ${problems.length === 0 ? 'nothing found' : 'SOMETHING FOUND'}\n`,
    )
  return problems.length === 0 ? 0 : 1
}

const code = await main()
process.exit(code)
