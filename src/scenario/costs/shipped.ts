// The cost profiles that come with the toolkit, by the words of a scenario's `identity.costs`.
// Each was derived from measurements of one real Keystone; see its `about`.
import { newton } from './newton.js'
import type { CostProfile } from './profile.js'
import { queens } from './queens.js'
import { zed } from './zed.js'

export const shippedCosts = { newton, queens, zed } as const satisfies Readonly<Record<string, CostProfile>>

export type ShippedCosts = keyof typeof shippedCosts

export const shippedCostNames = Object.keys(shippedCosts) as readonly ShippedCosts[]
