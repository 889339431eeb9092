// The same case with autocannon's rate mode: what a reader would get who put it in our generator's place.
// It is shown, never judged: autocannon is made for saturation (`cutover capacity` uses it so), not for timelines.
import autocannon from 'autocannon'
import { exponentialDistance, gapsOf } from '../../measure/arrivalFit.js'
import type { CaseFigures } from '../../measure/calibration.js'
import { quantileOf, scriptedResponses } from '../../measure/script.js'
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

/** Plays one case with requests that are meant to come evenly, which is what the tool's rate mode promises. */
export const playAutocannon = async (one: CalibrationCase): Promise<CaseFigures> => {
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
    const result = await autocannon({
      url,
      connections: Math.min(connections, perSec),
      overallRate: perSec,
      duration: seconds,
      timeout: 30,
      requests,
    })
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
