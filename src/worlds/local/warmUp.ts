// Requests before the run that nobody counts: connections are opened, and every process has compiled what it will need.
// Without them the first seconds measure a cold start, which no cloud has that has been running for years.
import type { Population } from '../../rehearsal/population.js'
import type { Target } from '../../rehearsal/ports.js'

/** For each backend, at most. A validation changes nothing, so the table and the tokens are what they were. */
const requestsPerNode = 1500
/** A backend that answers slowly (bcrypt, thousands of revocation events) is not kept from its run for longer than this. */
const longestMs = 3000
const underWayPerNode = 16

const warmNode = (target: Target, node: number, tokens: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    let sent = 0
    let underWay = 0
    const startedMs = performance.now()
    const next = (): void => {
      if (sent === requestsPerNode || performance.now() - startedMs > longestMs) {
        if (underWay === 0) resolve()
        return
      }
      const authToken = tokens[sent % tokens.length] as string
      const subjectToken = tokens[(sent * 7 + 1) % tokens.length] as string
      sent++
      underWay++
      target.send(node, { op: 'validate', authToken, subjectToken }, () => {
        underWay--
        next()
      })
    }
    for (let i = 0; i < underWayPerNode; i++) next()
  })

/** Warms every backend up, one after the other; does nothing if nobody holds a token yet. */
export const warmUp = async (target: Target, population: Population): Promise<void> => {
  const tokens = population.heldTokens()
  if (tokens.length === 0) return
  for (let node = 1; node <= target.nodes; node++) await warmNode(target, node, tokens)
}
