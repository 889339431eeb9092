// The same case with autocannon's rate mode: what a reader would get who put it in our generator's place.
// It is shown, never judged: autocannon is made for saturation (`cutover capacity` uses it so), not for timelines.
import autocannon from 'autocannon'
import { WorldError } from '../../base/errors.js'
import { exponentialDistance, gapsOf } from '../../measure/arrivalFit.js'
import type { CaseFigures } from '../../measure/calibration.js'
import { quantileOf, scriptedResponses } from '../../measure/script.js'
import { unlessStopped } from '../unlessStopped.js'
import type { CalibrationCase } from './cases.js'
import { startStub } from './startStub.js'
import { steadyUs, type StubReport } from './stubCalls.js'

/** As many as somebody would choose; each has its share of the rate. */
const connections = 50

/** Different requests on each connection, so that a reply can be seen to belong to another one. */
const requestsOfConnection = 100

/** The percentiles of autocannon's own result that a case may ask for. */
const keyOf = (share: number): 'p50' | 'p90' | 'p99' | 'p97_5' =>
  share === 0.5 ? 'p50' : share === 0.9 ? 'p90' : share === 0.99 ? 'p99' : 'p97_5'

/** A load to its end. @throws StoppedError as soon as the signal says so; then no request is sent any more */
const load = (options: autocannon.Options, signal: AbortSignal): Promise<autocannon.Result> => {
  let instance: autocannon.Instance | null = null
  const whole = new Promise<autocannon.Result>((resolve, reject) => {
    instance = autocannon(options, (error: Error | null, result) => {
      if (error === null) resolve(result)
      else reject(new WorldError(`autocannon: ${error.message}`))
    })
  })
  return unlessStopped(signal, whole).catch((error: unknown) => {
    // Its types do not know of it.
    ;(instance as unknown as { stop(): void }).stop()
    throw error
  })
}

/**
 * Plays one case with requests that are meant to come evenly, which is what the tool's rate mode promises.
 * Throws StoppedError if the case is given up.
 */
export const playAutocannon = async (one: CalibrationCase, signal: AbortSignal): Promise<CaseFigures> => {
  const { perSec, seconds } = one
  const { stub, url } = await startStub(one.script)
  try {
    let misbound = 0
    const requests = Array.from({ length: requestsOfConnection }, (_, i) => ({
      method: 'POST' as const,
      path: '/v3/auth/tokens',
      body: JSON.stringify({ auth: { identity: { password: { user: { id: `a-${i}` } } } } }),
      onResponse: (status: number, body: string) => {
        if (status === 201 && body !== `a-${i}`) misbound++
      },
    }))
    await stub.call('begin', steadyUs())
    const rate = { connections: Math.min(connections, perSec), overallRate: perSec }
    const result = await load({ url, ...rate, duration: seconds, timeout: 30, requests }, signal)
    const { arrivalsUs } = await stub.call<StubReport>('report')
    const planned = Math.round(perSec * seconds)
    const expected = scriptedResponses(
      one.script,
      Array.from({ length: planned }, (_, i) => (i + 0.5) / perSec),
    )
    const answered = expected.filter((sec) => sec !== null)
    return {
      name: one.name,
      perSec,
      seconds,
      planned,
      answered: result['2xx'],
      failed: result.errors + result.non2xx,
      failedExpected: expected.length - answered.length,
      quantiles: one.shares.map((share) => ({
        share,
        expectedMs: quantileOf(answered, share) * 1000,
        servedMs: null,
        measuredMs: result.latency[keyOf(share)],
      })),
      misbound,
      gapsAtStub: exponentialDistance(gapsOf(arrivalsUs), 1e6 / perSec),
    }
  } finally {
    await stub.end()
  }
}
