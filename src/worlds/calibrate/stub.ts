// The stub: a server that answers by a script and gives each request its own id back, in a process of its own.
// It does nothing else, so that what the load generator measures is known beforehand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { micros, TimeMap, toSec } from '../../base/time.js'
import { answerParent } from '../../io/childProcess.js'
import { answerSec, type Script } from '../../measure/script.js'
import { ScaledClock } from '../local/scaledClock.js'
import { idIn, steadyUs, type StubCalls, type StubReport } from './stubCalls.js'

/** Real time, without an end. */
const clock = new ScaledClock(new TimeMap([{ untilSec: Infinity, speed: 1, traffic: 1 }]))

let script: Script = { serviceSec: 0, slow: null, stall: null, restart: null }
/** Where the run began on the stub's clock, seconds; null before. */
let originSec: number | null = null
let arrivalsUs: number[] = []
let answers: [string, number][] = []

const nowSec = (): number => toSec(clock.measured())

const answer = (response: ServerResponse, id: string): void => {
  if (response.destroyed) return
  response.writeHead(201, { 'x-subject-token': id, 'content-length': String(id.length) }).end(id)
  if (originSec !== null) answers.push([id, Math.round((nowSec() - originSec) * 1e6)])
}

const receive = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ''
  request.setEncoding('latin1').on('data', (chunk: string) => (body += chunk))
  request.on('end', () => {
    const atSec = nowSec()
    if (originSec !== null) arrivalsUs.push(Math.round((atSec - originSec) * 1e6))
    const fromSec = originSec ?? 0
    // Before the run the script has not begun: nothing stalls, nothing is slow.
    const before = { ...script, slow: null, stall: null, restart: null }
    const end = answerSec(originSec === null ? before : script, atSec - fromSec, arrivalsUs.length)
    // What a restart takes is never answered: its connection will be cut.
    if (end === null) return
    clock.at(micros(fromSec + end), () => answer(response, idIn(body)))
  })
}

const server = createServer({ keepAliveTimeout: 60_000 }, receive)

const listen = (port: number): Promise<{ readonly port: number }> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', 4096, () => resolve({ port: (server.address() as AddressInfo).port }))
  })

/** Cuts every connection, and listens again on the same port when the restart is over. */
const planRestart = (fromSec: number, forSec: number): void => {
  const { port } = server.address() as AddressInfo
  clock.at(micros(fromSec), () => {
    server.close()
    server.closeAllConnections()
  })
  clock.at(micros(fromSec + forSec), () => void listen(port))
}

const calls: StubCalls = {
  open: async (wanted) => {
    script = wanted
    clock.start()
    return listen(0)
  },
  begin: (originUs) => {
    originSec = nowSec() - (steadyUs() - originUs) / 1e6
    arrivalsUs = []
    answers = []
    if (script.restart !== null) planRestart(originSec + script.restart.fromSec, script.restart.forSec)
  },
  report: (): StubReport => ({ arrivalsUs, answers }),
}

answerParent({ ...calls }, async () => {
  clock.stop()
  server.closeAllConnections()
  server.close()
})
