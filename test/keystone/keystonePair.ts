// A real Keystone and our service side by side: one Fernet key repository, one cloud with the same ids, two databases.
// It exists for whatever is to be compared on both: answers, tokens, times.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPasswords } from '../../src/io/passwords.js'
import { openStore } from '../../src/io/store/open.js'
import type { IdentitySettings } from '../../src/scenario/scenario.js'
import { IdentityApi } from './identityApi.js'
import { adminToken, cloudConf, makeKeystoneCloud } from './keystoneCloud.js'
import type { Belongings, KeystoneCloud } from './keystoneCloud.js'
import { mirrorKeystone } from './keystoneMirror.js'
import { OwnService } from './ownService.js'
import { RealKeystone } from './realKeystone.js'
import type { KeystoneConf } from './realKeystone.js'

export interface PairOptions {
  /** Made if missing; the caller removes it. */
  readonly folder: string
  /** `dist/main.js` of the build that is to run. */
  readonly main: string
  /** On both sides. */
  readonly passwordHash: IdentitySettings['passwordHash']
  readonly maxActiveKeys: number
  /** Whether Keystone keeps in memory what it has read of its database; Debian's own setting is that it does not. */
  readonly cached?: boolean
  /** See `makeKeystoneCloud`. */
  readonly residents?: Readonly<Record<string, Belongings>>
}

export interface KeystonePair {
  readonly keystone: RealKeystone
  readonly own: OwnService
  readonly cloud: KeystoneCloud
  /** The API of each. */
  readonly apis: Readonly<Record<'keystone' | 'ours', IdentityApi>>
  readonly keysFolder: string
  stop(): Promise<void>
}

/** Where both say that clients reach them: in the catalog, in links and in `WWW-Authenticate`. */
const publicUrl = 'http://keystone.example:5000'

/**
 * Users, roles, projects, … are remembered in the memory of the one worker, so that none of it is ever stale; tokens are
 * not, so that each validation opens and judges one. It makes Keystone several times faster.
 */
export const cachedConf: KeystoneConf = {
  cache: { enabled: true, backend: 'dogpile.cache.memory' },
  token: { caching: false, cache_on_issue: false },
}

/** Starts both, one worker process each. */
export const startKeystonePair = async (options: PairOptions): Promise<KeystonePair> => {
  const { passwordHash, maxActiveKeys } = options
  const folder = options.folder
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keysFolder = join(folder, 'fernet-keys')
  const keystone = await RealKeystone.create({
    folder: join(folder, 'keystone'),
    keysFolder,
    workers: 1,
    publicUrl,
    conf: {
      ...cloudConf,
      ...(options.cached === true ? cachedConf : {}),
      DEFAULT: { public_endpoint: publicUrl },
      fernet_tokens: { max_active_keys: maxActiveKeys },
      identity: {
        password_hash_algorithm: passwordHash.scheme,
        password_hash_rounds: passwordHash.rounds,
      },
    },
  })
  try {
    await keystone.start()
    const cloud = await makeKeystoneCloud(keystone, options.residents)
    const file = join(folder, 'ours.sqlite')
    await fillStore(file, keystone, cloud, passwordHash)
    const own = await OwnService.start({
      main: options.main,
      words: [
        '--release=zed',
        '--provider=fernet',
        '--backends=1',
        `--store=sqlite:${file}`,
        `--keys=${keysFolder}`,
        `--public-url=${publicUrl}`,
        `--password-hash=${passwordHash.scheme}:${passwordHash.rounds}`,
      ],
    })
    const stop = async (): Promise<void> => {
      await Promise.all([keystone.stop(), own.stop()])
    }
    return {
      keystone,
      own,
      cloud,
      apis: { keystone: cloud.api, ours: new IdentityApi(own.url) },
      keysFolder,
      stop,
    }
  } catch (error) {
    await keystone.stop()
    throw error
  }
}

const fillStore = async (
  file: string,
  keystone: RealKeystone,
  cloud: KeystoneCloud,
  passwordHash: IdentitySettings['passwordHash'],
): Promise<void> => {
  const passwords = createPasswords(passwordHash)
  const hashes = new Map<string, string>()
  for (const [id, secret] of cloud.secrets) hashes.set(id, await passwords.hash(secret))
  const { id: auth } = await adminToken(keystone, 'system')
  const documents = await mirrorKeystone(cloud.api, { auth, hashes })
  const store = await openStore({ kind: 'sqlite', file })
  try {
    await store.load(documents, [])
  } finally {
    await store.close()
  }
}
