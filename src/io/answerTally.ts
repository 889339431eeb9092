// How many answers a server has given, by operation and status.
// It exists so that what a load generator says it was told can be held against what the server says it told.

/** The operations on tokens, and everything else in one. */
type CountedOp = 'issue' | 'validate' | 'revoke' | 'other'

/** `validate 200` → how often. */
export type AnswerCounts = Readonly<Record<string, number>>

const opOf = (method: string, path: string): CountedOp => {
  if (path !== '/v3/auth/tokens') return 'other'
  switch (method) {
    case 'POST':
      return 'issue'
    case 'GET':
    case 'HEAD':
      return 'validate'
    case 'DELETE':
      return 'revoke'
    default:
      return 'other'
  }
}

export class AnswerTally {
  private readonly tally = new Map<string, number>()

  count(method: string, path: string, status: number): void {
    const key = `${opOf(method, path)} ${status}`
    this.tally.set(key, (this.tally.get(key) ?? 0) + 1)
  }

  counts(): AnswerCounts {
    return Object.fromEntries(this.tally)
  }
}
