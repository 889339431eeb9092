// The share of requests that went wrong of late, and whether it is more than a run may cause.
// It exists so that a rehearsal ends itself before an operator has to.
import type { ApiReply } from '../../clients/exchange.js'
import type { AbortRule } from '../../scenario/external.js'
import { outcomeAtKeystone } from '../../rehearsal/outcomes.js'

interface Bucket {
  readonly second: number
  total: number
  wrong: number
}

/** Counts by seconds, so that memory does not grow with the load. */
export class ErrorRate {
  private readonly rule: AbortRule
  private readonly buckets: Bucket[] = []

  constructor(rule: AbortRule) {
    this.rule = rule
  }

  /** Counts an answer. Returns why the run should end; null while it may go on. */
  count(reply: ApiReply, nowSec: number): string | null {
    const { share, overSec, leastRequests, refusals } = this.rule
    const outcome = outcomeAtKeystone(reply)
    const second = Math.floor(nowSec)
    let bucket = this.buckets.at(-1)
    if (bucket === undefined || bucket.second !== second) {
      bucket = { second, total: 0, wrong: 0 }
      this.buckets.push(bucket)
      while ((this.buckets[0] as Bucket).second <= nowSec - overSec - 1) this.buckets.shift()
    }
    bucket.total++
    if (outcome === 'ok' || (outcome === 'rejected' && !refusals)) return null
    bucket.wrong++
    const total = this.buckets.reduce((sum, each) => sum + each.total, 0)
    const wrong = this.buckets.reduce((sum, each) => sum + each.wrong, 0)
    if (total < leastRequests || wrong / total <= share) return null
    const what = refusals ? 'failed or were refused' : 'failed'
    return `it ended itself: ${wrong} of ${total} requests in ${overSec} s ${what}, and ${percent(share)} is the most (abort_at)`
  }
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
