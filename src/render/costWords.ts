// Whose response times a run shows: this toolkit's own servers', or those of a Keystone that was measured.
// It exists so that nobody takes the one for the other, wherever times are shown.
import type { RunHeader } from '../measure/record.js'

/** One sentence; null where the times are a real Keystone's own, or nothing is known of them. */
export const costNote = ({ world, costs }: Pick<RunHeader, 'world' | 'costs'>): string | null => {
  const simulated = world === 'simulated'
  if (world === 'external') return null
  switch (costs?.kind) {
    case undefined:
      return simulated ? 'They are modelled, not measured: only their change tells something.' : null
    case 'native':
      return simulated
        ? 'They are modelled on this toolkit’s own servers, not measured, and predict no Keystone’s: only their change tells something.'
        : 'They are those of this toolkit’s own servers and predict no Keystone’s: compare before with after.'
    case 'stated':
      return 'They follow from the costs that the scenario states.'
    case 'profile':
      return `They are drawn from cost profile ${costs.profile}, with ${costs.workers} single-threaded worker${costs.workers === 1 ? '' : 's'} a backend: what the Keystone that was measured would take, on the machine on which it was measured.`
  }
}

/** After `Response time of Keystone before → after the switch`. */
export const costMark = ({ world, costs }: Pick<RunHeader, 'world' | 'costs'>): string => {
  if (world !== 'external' && costs?.kind === 'profile') return `, by cost profile ${costs.profile}`
  return world === 'simulated' ? ', as modelled' : ''
}
