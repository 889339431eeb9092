// Finds and reads the files that clouds are described in, and the certificates that they name.
// It exists so that one call gives whoever needs a given Keystone its address, its credentials and its TLS settings.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { InputError, type Problem } from '../../base/errors.js'
import { readAccess, type CloudAccess } from './access.js'
import { chooseCloud, type CloudFile, type CloudSources } from './cloudEntry.js'

/** What TLS needs, as `node:tls` and undici take it. */
export interface TlsSettings {
  readonly rejectUnauthorized: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface FindCloudOptions {
  readonly env: CloudSources['env']
  /** `.`, for tests another one. */
  readonly folder?: string
  /** The cloud that the command names. */
  readonly name?: string
}

const suffixes = ['.yaml', '.yml', '.json']

/** Where openstacksdk looks, in its order. */
const foldersOf = ({ env, folder = '.' }: FindCloudOptions): readonly string[] => {
  const home = env['HOME'] ?? homedir()
  const own = env['XDG_CONFIG_HOME'] ?? path.join(home, '.config')
  const folders = [
    folder,
    path.join(own, 'openstack'),
    path.join(home, '.config', 'openstack'),
    '/etc/xdg/openstack',
  ]
  return [...new Set([...folders, '/etc/openstack'])]
}

const readOrNull = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** The first file of that name that can be read. */
const firstOf = (name: string, override: string | undefined, options: FindCloudOptions): CloudFile | null => {
  const usual = foldersOf(options).flatMap((folder) =>
    suffixes.map((suffix) => path.join(folder, `${name}${suffix}`)),
  )
  for (const file of override === undefined || override === '' ? usual : [override, ...usual]) {
    const text = readOrNull(file)
    if (text !== null) return { file, text }
  }
  return null
}

const pemRemedy = 'it names a file in PEM form'

/** What keeps a file from being what it is taken for; null: nothing. Node itself would quietly do without it. */
const pemProblem = (name: 'cacert' | 'cert' | 'key', text: string): string | null => {
  try {
    const held = name === 'key' ? createPrivateKey(text) : new X509Certificate(text)
    void held
    return null
  } catch {
    return name === 'key' ? 'holds no key that can be used without a passphrase' : 'holds no certificate'
  }
}

const certificates = ({ tls }: CloudAccess, env: FindCloudOptions['env']): TlsSettings => {
  const problems: Problem[] = []
  const read = (
    name: 'cacert' | 'cert' | 'key',
    file: string | null,
  ): Partial<Record<'ca' | 'cert' | 'key', string>> => {
    if (file === null) return {}
    const text = readOrNull(file.replace(/^~(?=\/)/, env['HOME'] ?? homedir()))
    const message = text === null ? 'cannot be read' : pemProblem(name, text)
    if (message !== null)
      problems.push({ file, message, remedy: `mend \`${name}\` of the cloud: ${pemRemedy}` })
    return { [name === 'cacert' ? 'ca' : name]: text ?? '' }
  }
  const { verify, caFile, certFile, keyFile } = tls
  const settings = {
    rejectUnauthorized: verify,
    ...(verify ? read('cacert', caFile) : {}),
    ...read('cert', certFile),
    ...read('key', keyFile),
  }
  if (problems.length > 0) throw new InputError(problems)
  return settings
}

/**
 * The cloud that is meant, by `clouds.yaml` or the variables `OS_*`, ready to be logged in at.
 * @throws InputError with all problems: files, keys, certificates
 */
export const findCloud = (
  options: FindCloudOptions,
): { readonly access: CloudAccess; readonly tls: TlsSettings } => {
  const { env, name } = options
  const access = readAccess(
    chooseCloud({
      clouds: firstOf('clouds', env['OS_CLIENT_CONFIG_FILE'], options),
      secure: firstOf('secure', env['OS_CLIENT_SECURE_FILE'], options),
      vendors: firstOf('clouds-public', undefined, options),
      env,
      ...(name === undefined ? {} : { name }),
    }),
  )
  return { access, tls: certificates(access, env) }
}
