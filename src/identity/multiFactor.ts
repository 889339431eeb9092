// Rules of several methods: which combinations a user must show, and the receipt for a part of one.
// It exists apart from the methods because the rules look at what all of them together found out.
// Sources: `UserMFARulesValidator` in `keystone/auth/core.py`, `keystone/receipt/`, `keystone/models/receipt_model.py`,
// all @15.0.1 (Stein).
import { openReceipt, receiptLifeSec, sealReceipt } from '../token/receipt.js'
import type { Receipt } from '../token/receipt.js'
import type { Context } from './context.js'
import { textOf } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { replyJson, replyRefusal } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { isoInstant } from './instants.js'
import { isObject, jsonText } from './json.js'
import type { Document } from './store.js'

/**
 * The rules of a user: any one of them will do. None unless `multi_factor_auth_enabled` is on, which it is by default.
 * What is no list of names is passed over, so that damaged data lock nobody out. Methods that are not on do not count.
 */
export const rulesOf = (context: Context, user: Document): readonly (readonly string[])[] => {
  const options = user['options']
  if (!isObject(options) || options['multi_factor_auth_enabled'] === false) return []
  const rules = options['multi_factor_auth_rules']
  if (!Array.isArray(rules)) return []
  const { methods } = context.config
  return rules
    .filter(
      (rule: unknown): rule is string[] =>
        Array.isArray(rule) && rule.length > 0 && rule.every((name) => typeof name === 'string'),
    )
    .map((rule) => [...new Set(rule)].filter((name) => methods.includes(name)))
}

/** Whether the methods that were passed are enough: there are no rules, or all of one rule is there. */
export const isEnough = (rules: readonly (readonly string[])[], passed: readonly string[]): boolean =>
  rules.length === 0 || rules.some((rule) => rule.every((name) => passed.includes(name)))

const receiptHeader = 'Openstack-Auth-Receipt'

/**
 * The methods that a receipt in the request says were passed before.
 * @throws ApiError 401 for one that is not ours, has expired, or is somebody else's
 */
export const passedBefore = (context: Context, request: Request, user: Document): readonly string[] => {
  const text = request.header(receiptHeader.toLowerCase())
  if (text === undefined || text === '' || !context.config.receipts) return []
  const receipt = context.sealer === null ? null : openReceipt(text, context.sealer.receiptKeys)
  if (receipt === null || receipt.expiresAtSec <= context.nowSec || receipt.userId !== user.id)
    throw new ApiError(refusals.noReceipt(text))
  return receipt.methods
}

const receiptText = (
  context: Context,
  user: Document,
  receipt: Receipt,
  rules: readonly (readonly string[])[],
): string => {
  const domain = context.facts.get('domain', textOf(user, 'domain_id'))
  return jsonText({
    receipt: {
      methods: receipt.methods,
      user: {
        id: user.id,
        name: textOf(user, 'name'),
        domain: { id: domain?.id ?? null, name: domain === null ? null : textOf(domain, 'name') },
      },
      expires_at: isoInstant(receipt.expiresAtSec),
      issued_at: isoInstant(receipt.issuedAtSec),
    },
    // Only the rules that a passed method has a part in: the others are as far away as before.
    required_auth_methods: rules.filter((rule) => rule.some((name) => receipt.methods.includes(name))),
  })
}

/** 401 to one who has passed some methods but not enough: with a receipt, if this service hands them out. */
export const replyNotEnough = (
  context: Context,
  user: Document,
  passed: readonly string[],
  rules: readonly (readonly string[])[],
): Reply => {
  const { sealer, config } = context
  if (!config.receipts || sealer === null)
    return replyRefusal(context, refusals.insufficientMethods(user.id, passed))
  const issuedAtSec = Math.floor(context.nowSec)
  const receipt: Receipt = {
    userId: user.id,
    methods: passed,
    issuedAtSec,
    expiresAtSec: issuedAtSec + receiptLifeSec,
  }
  const id = sealReceipt(receipt, sealer.receiptKeys, { iv: context.random(16) })
  return replyJson(context, 401, () => receiptText(context, user, receipt, rules), {
    headers: { [receiptHeader]: id },
  })
}
