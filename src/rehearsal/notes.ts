// What became of requests, as samples: of what Keystone answered, of what the sender made of it, and of what a service said.
// One object serves for all samples of a run: the recorder keeps none, and a day has millions.
import { micros, toSec, type Micros } from '../base/time.js'
import type { ApiReply, Ask, HeldToken, TokenOnNode } from '../clients/exchange.js'
import type { Cause, Leg, Op, Outcome, RefusalDetail, Sample } from '../measure/sample.js'
import { isUuidToken } from '../token/uuid.js'
import type { Forensics } from './forensics.js'
import { outcomeAtKeystone, outcomeForSender } from './outcomes.js'
import type { Clock, Recording } from './ports.js'

export class Notes {
  private readonly clock: Clock
  private readonly recording: Pick<Recording, 'record'>
  private readonly forensics: Forensics | null
  private readonly sample: Sample = {
    clientClass: '',
    leg: 'client',
    op: 'call',
    outcome: 'ok',
    status: 0,
    cause: null,
    node: 0,
    format: null,
    waited: false,
    atSec: 0,
    due: micros(0),
    sent: micros(0),
    done: micros(0),
  }

  /** @param options.forensics looks into refusals; null: what the server says is all that is known */
  constructor(options: {
    readonly clock: Clock
    readonly recording: Pick<Recording, 'record'>
    readonly forensics: Forensics | null
  }) {
    this.clock = options.clock
    this.recording = options.recording
    this.forensics = options.forensics
  }

  /** One exchange with Keystone gives a sample of what Keystone answered and one of what the sender made of it. */
  exchange(
    ask: Extract<Ask, { kind: 'keystone' }>,
    reply: ApiReply,
    due: Micros,
    sent: Micros,
    done: Micros,
    waited: boolean,
  ): Outcome {
    const op = ask.request.op
    const issued = reply.subjectToken
    const format = ask.format ?? (issued === null ? null : isUuidToken(issued) ? 'uuid' : 'fernet')
    const refusedSender = reply.status === 401 || op !== 'validate'
    const atKeystone = outcomeAtKeystone(reply)
    const cause = atKeystone === 'rejected' ? (reply.cause ?? 'unknown-token') : null
    const judged = refusedSender ? ask.by : ask.judged
    const { tokens } = ask
    const detail =
      cause === null || tokens === undefined
        ? null
        : this.detailOf(reply.status === 401 ? tokens.caller : tokens.subject, reply.node, cause, sent, done)
    this.note(
      judged,
      'keystone',
      op,
      atKeystone,
      reply.status,
      cause,
      reply.node,
      format,
      due,
      sent,
      done,
      waited,
      detail,
    )
    const outcome = outcomeForSender(ask, reply)
    const senderCause = outcome === 'rejected' ? cause : null
    this.note(
      ask.by,
      'client',
      op,
      outcome,
      reply.status,
      senderCause,
      reply.node,
      format,
      due,
      sent,
      done,
      waited,
      detail,
    )
    return outcome
  }

  /** What is known of a refused token; null where nobody looks. */
  describe({ token, node }: TokenOnNode): RefusalDetail | null {
    return this.forensics?.describe(token, node) ?? null
  }

  /** The same, and whether its holder would have said the same of it. */
  detailOf(token: HeldToken, node: number, cause: Cause, sent: Micros, done: Micros): RefusalDetail | null {
    return this.forensics?.judge(token, node, cause, sent, done) ?? null
  }

  note(
    clientClass: string,
    leg: Leg,
    op: Op,
    outcome: Outcome,
    status: number,
    cause: Cause | null,
    node: number,
    format: HeldToken['format'] | null,
    due: Micros,
    sent: Micros,
    done: Micros,
    waited: boolean,
    detail: RefusalDetail | null = null,
  ): void {
    const { sample } = this
    sample.clientClass = clientClass
    sample.leg = leg
    sample.op = op
    sample.outcome = outcome
    sample.status = status
    sample.cause = cause
    sample.node = node
    sample.format = format
    sample.waited = waited
    sample.detail = detail
    sample.atSec = toSec(this.clock.now())
    sample.due = due
    sample.sent = sent
    sample.done = done
    this.recording.record(sample)
  }
}
