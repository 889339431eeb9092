// A node over the planned cloud, without a store of its own or keys: for tokens that are to be there before a run.
// The table and the shared cache are filled by the identity logic itself, so they hold what it would have left there.
import type { Context } from '../identity/context.js'
import { createMemoryStore } from '../identity/memoryStore.js'
import type { CloudPlan } from '../rehearsal/cloudPlan.js'
import type { Scenario } from '../scenario/scenario.js'
import { IdentityNode } from './identityNode.js'

/** What such a node handles a request with when the run starts. */
export const plannedContext = async (scenario: Scenario, cloud: CloudPlan): Promise<Context> => {
  const facts = createMemoryStore()
  await facts.load(cloud.documents, [])
  const node = new IdentityNode({
    store: facts,
    identity: scenario.identity,
    ring: () => null,
    random: () => new Uint8Array(),
    requestId: () => '',
    publicUrl: `https://${scenario.cloud.host}:5000`,
  })
  return node.context(scenario.startsAtEpochSec)
}
