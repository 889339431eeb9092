// What the requests of the fuzz speak of, put into a cloud: a group, a trust, credentials, a user with rules.
// It exists once for the store in memory and for the one behind the sockets.
import { assignmentOf } from '../../src/identity/documents.js'
import type { Document, DocumentKind, Store } from '../../src/identity/store.js'
import { ids } from '../identity/support/keystone.js'
import { made } from './seeds.js'

/** Puts what seeds speak of into the cloud. */
export const furnish = (store: Pick<Store, 'put'>): void => {
  const put = (kind: DocumentKind, document: Document): void => void store.put(kind, document)
  put('group', { id: made.group, name: 'staff', domain_id: ids.acme, description: '' })
  put('membership', { id: `${made.group}-${ids.bob}`, user_id: ids.bob, group_id: made.group })
  put('region', { id: 'RegionOne', description: '', parent_region_id: null })
  put('service', { id: 's', name: 's', type: 'compute', enabled: true })
  put('endpoint', { id: 'e', service_id: 's', interface: 'public', url: 'http://x', enabled: true })
  const careful = { id: made.careful, name: 'careful', domain_id: ids.acme, enabled: true }
  const options = { multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp']] }
  put('user', { ...careful, password_hash: 'plain:careful-pw', password_expires_at: null, options })
  const blob = 'ORSXG5BRGIZTINJWG44DS'
  put('credential', { id: 'totp', user_id: made.careful, project_id: null, type: 'totp', blob })
  const access = '{"access": "a", "secret": "s"}'
  put('credential', {
    id: made.ec2,
    user_id: ids.alice,
    project_id: ids.demo,
    type: 'ec2',
    blob: access,
  })
  const grant = { type: 'UserProject', actor_id: made.careful, target_id: ids.demo } as const
  put('assignment', assignmentOf({ ...grant, role_id: ids.memberRole }))
  put('trust', {
    id: made.trust,
    trustor_user_id: ids.alice,
    trustee_user_id: ids.bob,
    project_id: ids.demo,
    impersonation: true,
    expires_at: null,
    remaining_uses: null,
    role_ids: [ids.memberRole],
  })
}
