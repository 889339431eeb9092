// The identity service alone: backends behind one address, over a store with a cloud in it, until it is told to end.
// The processes are those of a rehearsal; what differs is that time is the machine's own and nobody plays the clients.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DefectError, WorldError } from '../../base/errors.js'
import {
  bootstrapDocuments,
  cloudDocuments,
  defaultDomainId,
  identityEndpointIdsOf,
} from '../../identity/cloud.js'
import { textOf } from '../../identity/documents.js'
import { releaseProfiles } from '../../identity/release.js'
import type { Store } from '../../identity/store.js'
import { Child } from '../../io/childProcess.js'
import { setupRepository } from '../../io/keyChanges.js'
import { KeyRepositoryError, readRing } from '../../io/keyRepository.js'
import { createPasswords } from '../../io/passwords.js'
import { openStore, type StoreAddress, type StoreChoice } from '../../io/store/open.js'
import type { Scenario } from '../../scenario/scenario.js'
import type { ServiceSettings } from '../../scenario/service.js'
import type { BackendSetup } from './calls.js'
import { Endings } from './endings.js'
import { openStoreAddress } from './storeAddress.js'

export interface ServiceOptions {
  readonly settings: ServiceSettings
  readonly listen: { readonly host: string; readonly port: number }
  /** Where clients are told to reach it, without `/v3`; null: where it listens. */
  readonly publicUrl: string | null
  readonly store: StoreChoice
  /** The key repository; null: one that is thrown away at the end. */
  readonly keysFolder: string | null
  /** Users, projects and services to begin with; null: only what bootstrap makes. */
  readonly cloud: Scenario['cloud'] | null
  /** The administrator's; null: one is made up if it is needed. */
  readonly password: string | null
  readonly makePassword: () => string
  /** Told what backends have to say: defects, never tokens or passwords. */
  readonly onWords: (text: string) => void
}

export interface IdentityService {
  readonly url: string
  readonly keysFolder: string
  /** Whether the store held a cloud already. */
  readonly found: boolean
  /** The password that was made up. It is not told again. */
  readonly madePassword: string | null
  /** Rejects when a backend dies by itself. */
  readonly broken: Promise<never>
  /** Ends every process; removes what was not asked for by name. */
  close(): Promise<void>
}

/** The ids of what bootstrap makes follow from this, so that a service finds them again in a store that was kept. */
const seed = 0

/** A socket that listens, for all backends. Whoever connects before they are there is sent away. */
const listenOn = ({ host, port }: ServiceOptions['listen']): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new WorldError(`cannot listen on ${host}:${port} (${error.code ?? error.message})`))
    })
    server.listen(port, host, () => resolve(server))
  })

const urlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** A keystone-manage bootstrap of a store that holds a cloud: the password as given, the address as it is now. */
const renew = async (store: Store, publicUrl: string, options: ServiceOptions): Promise<void> => {
  for (const id of identityEndpointIdsOf(seed)) {
    const endpoint = store.get('endpoint', id)
    const url = `${publicUrl}/v3/`
    if (endpoint !== null && endpoint['url'] !== url) await store.put('endpoint', { ...endpoint, url })
  }
  const { password, settings } = options
  if (password === null) return
  const admin = store
    .find('user', 'name', 'admin')
    .find((user) => textOf(user, 'domain_id') === defaultDomainId)
  if (admin === undefined)
    throw new WorldError('the store holds a cloud without a user admin to give the password to')
  const passwords = createPasswords(settings.identity.passwordHash)
  if (await passwords.verify(password, textOf(admin, 'password_hash'))) return
  await store.put('user', { ...admin, enabled: true, password_hash: await passwords.hash(password) })
}

/** Sees to it that there is a cloud in the store. */
const prepareCloud = async (
  address: StoreAddress,
  publicUrl: string,
  options: ServiceOptions,
): Promise<Pick<IdentityService, 'found' | 'madePassword'>> => {
  const store = await openStore(address)
  try {
    if (store.get('domain', defaultDomainId) !== null) {
      await renew(store, publicUrl, options)
      return { found: true, madePassword: null }
    }
    const { cloud, settings } = options
    const password = options.password ?? options.makePassword()
    const hash = await createPasswords(settings.identity.passwordHash).hash(password)
    const documents =
      cloud === null
        ? bootstrapDocuments({
            adminPasswordHash: hash,
            publicUrl,
            seed,
            impliedRoles: releaseProfiles[settings.identity.release].bootstrapsImpliedRoles,
          })
        : cloudDocuments({ ...cloud, seed, passwordHash: hash })
    await store.load(documents, [])
    if (cloud !== null) await renew(store, publicUrl, { ...options, password: null })
    return { found: false, madePassword: options.password === null ? password : null }
  } finally {
    await store.close()
  }
}

/** A repository with keys in it is left as it is. */
const prepareKeys = (folder: string): void => {
  try {
    readRing(folder)
  } catch (error) {
    const isEmpty =
      error instanceof KeyRepositoryError && (error.code === 'missing-directory' || error.code === 'no-keys')
    if (!isEmpty) throw error
    setupRepository(folder)
  }
}

/** Starts a service. @throws WorldError · InputError · KeyRepositoryError; then nothing of it is left */
export const openIdentityService = async (options: ServiceOptions): Promise<IdentityService> => {
  const { settings, listen } = options
  const endings = new Endings()
  let breakDown: (error: Error) => void = () => {}
  const broken = new Promise<never>((_, reject) => {
    breakDown = reject
  })
  // Looked at by whoever waits for it; until then it is nobody's.
  broken.catch(() => {})
  try {
    const socket = await listenOn(listen)
    const { port } = socket.address() as AddressInfo
    endings.add(
      () =>
        new Promise((closed) => {
          socket.close(() => closed())
        }),
    )
    const folder = await mkdtemp(path.join(tmpdir(), 'cutover-serve-'))
    endings.add(() => rm(folder, { recursive: true, force: true }))
    const keysFolder = path.resolve(options.keysFolder ?? path.join(folder, 'fernet-keys'))
    prepareKeys(keysFolder)
    const { address: store } = await openStoreAddress({ store: options.store, folder }, endings)
    const url = urlOf(listen.host, port)
    const publicUrl = options.publicUrl ?? url
    const prepared = await prepareCloud(store, publicUrl, options)

    const backends = Array.from({ length: settings.identity.backends }, (_, i) => {
      const name = `backend ${i + 1}`
      return new Child({
        name,
        module: new URL('./backend.js', import.meta.url),
        onWords: options.onWords,
        onExit: ({ code, signal }, expected) => {
          if (expected) return
          breakDown(
            signal === null
              ? new DefectError(`${name} ended with exit code ${code}`)
              : new WorldError(`${name} was killed by ${signal}`),
          )
        },
      })
    })
    endings.add(async () => {
      await Promise.all(backends.map((backend) => backend.end()))
    })
    const setup: Omit<BackendSetup, 'node'> = {
      port: listen.port,
      memcached: null,
      store,
      keysFolder,
      identity: settings.identity,
      publicUrl,
      time: null,
      explain: false,
      seed,
      ...(settings.allowExpiredWindowSec === null
        ? {}
        : { allowExpiredWindowSec: settings.allowExpiredWindowSec }),
    }
    await Promise.all(
      backends.map((backend, i) =>
        backend.call('open', { node: i + 1, ...setup } satisfies BackendSetup, socket),
      ),
    )
    // From here on only the backends accept connections.
    socket.close()
    return { url, keysFolder, ...prepared, broken, close: () => endings.run() }
  } catch (error) {
    await endings.run()
    throw error
  }
}
