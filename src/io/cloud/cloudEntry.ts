// Which cloud is meant, and what is said of it: an entry of `clouds.yaml` with its secrets and profile, or the variables `OS_*`.
// It exists so that the target of a run is found as every OpenStack tool finds it (openstacksdk `config/loader.py`).
import { InputError, type Problem } from '../../base/errors.js'
import type { Path } from '../../scenario/document.js'
import { remedyFor, valueAt } from '../../scenario/issues.js'
import { locate, readFile, type Mapping, type SourceFile } from '../../scenario/sources.js'

/** A file that was found and read; it is not opened here. */
export interface CloudFile {
  readonly file: string
  readonly text: string
}

/** Everything that a cloud's settings may come from. */
export interface CloudSources {
  readonly clouds: CloudFile | null
  readonly secure: CloudFile | null
  /** `clouds-public.yaml`: what a `profile` stands for. */
  readonly vendors: CloudFile | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** The cloud that the command names, before `OS_CLOUD`. */
  readonly name?: string
}

/** What is said of one cloud. */
export interface CloudEntry {
  /** `cloud dev of clouds.yaml`, `the variables OS_*`. */
  readonly origin: string
  /** Keys as in `clouds.yaml`, those of `auth` among the others; `-` in names is `_`. */
  readonly values: ReadonlyMap<string, unknown>
  /** A problem with a key, at the place where it stands or should stand. */
  readonly problem: (key: string, message: string, remedy?: string) => Problem
}

/** Variables that make a cloud of the environment; the others only choose, or speak of something else. */
const telling = [
  'OS_AUTH_URL',
  'OS_USERNAME',
  'OS_USER_ID',
  'OS_APPLICATION_CREDENTIAL_ID',
  'OS_APPLICATION_CREDENTIAL_NAME',
]

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

/** A mapping laid over another, mapping by mapping. */
const over = (below: unknown, above: unknown): unknown => {
  if (!isMapping(below) || !isMapping(above)) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) merged[key] = over(below[key], value)
  return merged
}

/** The same key with an underscore, and by its present name. */
const keyOf = (written: string): string => {
  const name = written.replaceAll('-', '_')
  return name === 'user_name' ? 'username' : name
}

/** The keys of an entry in one level; those of `auth` win over the same ones beside it. */
const flat = (entry: Mapping): Map<string, unknown> => {
  const auth = isMapping(entry['auth']) ? entry['auth'] : {}
  const values = new Map<string, unknown>()
  for (const level of [auth, entry]) {
    for (const [key, value] of Object.entries(level))
      if (key !== 'auth' && !values.has(keyOf(key))) values.set(keyOf(key), value)
  }
  return values
}

const fromEnvironment = (env: CloudSources['env']): CloudEntry => {
  const values = new Map<string, unknown>()
  for (const [name, text] of Object.entries(env)) {
    if (name.startsWith('OS_') && text !== undefined && text !== '')
      values.set(name.slice(3).toLowerCase(), text)
  }
  return {
    origin: 'the variables OS_*',
    values,
    problem: (key, message, remedy) => {
      const path = `OS_${key.toUpperCase()}`
      return remedy === undefined ? { path, message } : { path, message, remedy }
    },
  }
}

/** The files' problems of syntax, and whether they are mappings at all. */
const read = (found: CloudFile | null, problems: Problem[]): SourceFile | null => {
  if (found === null) return null
  const source = readFile(found.file, found.text)
  const { document, file } = source
  problems.push(...document.problems.map((problem) => ({ file, ...problem })))
  if (!document.readable) return null
  if (isMapping(document.data)) return source
  const remedy = 'it has one key, `clouds`, with a mapping for each cloud'
  problems.push(locate({ path: [], of: 'value', message: 'expected a mapping', remedy }, source))
  return null
}

/** What a `profile` stands for. The profiles that openstacksdk itself brings are not known here. */
const profileOf = (
  entry: Mapping,
  place: (key: string, message: string, remedy: string) => Problem,
  vendors: SourceFile | null,
  problems: Problem[],
): unknown => {
  const key = 'profile' in entry ? 'profile' : 'cloud'
  const name = entry[key]
  if (name === undefined) return {}
  const profile =
    typeof name === 'string' ? valueAt(vendors?.document.data, ['public-clouds', name]) : undefined
  if (isMapping(profile)) return profile
  const remedy = 'write `auth_url` into the entry itself, or the profile into clouds-public.yaml'
  problems.push(place(key, 'this profile is not in clouds-public.yaml', remedy))
  return {}
}

/** Regions that an entry lists, each with the values of its own. */
const regionsOf = ({ regions, region_name: written }: Mapping): readonly Mapping[] => {
  const list: unknown = regions ?? (typeof written === 'string' ? written.split(',') : written)
  return Array.isArray(list) ? list.map((region) => (isMapping(region) ? region : { name: region })) : []
}

/** The values of the region that is chosen, laid over those of the cloud. */
const ofRegion = (entry: Mapping, wanted: string | undefined, problems: Problem[]): Mapping => {
  const named = regionsOf(entry)
  const chosen = named.find(({ name }) => wanted === undefined || name === wanted)
  if (chosen === undefined && named.length > 0) {
    const message = `the cloud has no region \`${wanted}\``
    const remedy = remedyFor(
      wanted ?? '',
      named.map(({ name }) => String(name)),
    )
    problems.push({ path: 'OS_REGION_NAME', message, remedy })
  }
  const name = chosen?.['name'] ?? wanted
  const values: unknown = isMapping(chosen?.['values']) ? chosen['values'] : {}
  return over(name === undefined ? entry : { ...entry, region_name: name }, values) as Mapping
}

const fromFile = (name: string, sources: CloudSources, problems: Problem[]): CloudEntry | null => {
  const clouds = read(sources.clouds, problems)
  const secure = read(sources.secure, problems)
  const vendors = read(sources.vendors, problems)
  if (problems.length > 0) return null
  const path = (...more: readonly string[]): Path => ['clouds', name, ...more]
  const [open, hidden] = [clouds, secure].map((source) => valueAt(source?.document.data, path()))
  if (!isMapping(open) && !isMapping(hidden)) {
    const known = isMapping(valueAt(clouds?.document.data, ['clouds']))
      ? Object.keys(valueAt(clouds?.document.data, ['clouds']) as Mapping)
      : []
    const message = `there is no cloud \`${name}\``
    const remedy =
      clouds === null
        ? 'there is no clouds.yaml: see --help for where it is looked for'
        : remedyFor(name, known)
    problems.push(
      clouds === null
        ? { path: 'clouds', message, remedy }
        : locate({ path: ['clouds'], of: 'key', message, remedy }, clouds),
    )
    return null
  }
  const home = isMapping(open) && clouds !== null ? clouds : (secure as SourceFile)
  const problem: CloudEntry['problem'] = (key, message, remedy) => {
    for (const source of [secure, clouds]) {
      for (const place of [path('auth', key), path(key)]) {
        if (source === null || valueAt(source.document.data, place) === undefined) continue
        return locate(
          { path: place, of: 'value', message, ...(remedy === undefined ? {} : { remedy }) },
          source,
        )
      }
    }
    const missing = { path: path('auth', key), of: 'key' as const, message }
    return locate(remedy === undefined ? missing : { ...missing, remedy }, home)
  }
  const own = over(open ?? {}, hidden ?? {}) as Mapping
  const whole = over(profileOf(own, problem, vendors, problems), own) as Mapping
  const values = flat(ofRegion(whole, given(sources.env['OS_REGION_NAME']), problems))
  // A file that many may read has no password in it; then it is handed in as `openstack` takes it.
  const password = given(sources.env['OS_PASSWORD'])
  if (password !== undefined && !values.has('password')) values.set('password', password)
  return { origin: `cloud ${name} of ${home.file}`, values, problem }
}

/** The cloud that is meant where nobody names one: that of the variables, or the only one of the file. */
const unnamed = (sources: CloudSources, problems: Problem[]): CloudEntry | null => {
  if (telling.some((name) => given(sources.env[name]) !== undefined)) return fromEnvironment(sources.env)
  const clouds = read(sources.clouds, problems)
  if (problems.length > 0) return null
  const all = valueAt(clouds?.document.data, ['clouds'])
  const names = isMapping(all) ? Object.keys(all) : []
  if (names.length === 1) return fromFile(names[0] as string, sources, problems)
  const message =
    names.length === 0 ? 'no cloud is named, and there is no clouds.yaml' : 'which cloud is meant?'
  const remedy =
    names.length === 0
      ? 'set OS_CLOUD, or OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME'
      : `set OS_CLOUD to one of ${names.map((name) => `\`${name}\``).join(', ')}`
  problems.push({ path: 'OS_CLOUD', message, remedy })
  return null
}

/**
 * The settings of the cloud that is meant. `OS_CLOUD` names an entry of the files, and then no other variable has a say, but for
 * a password that the entry does not have; else the variables are the cloud; else the only entry of the file.
 * @throws InputError with all problems of the files, each with its line
 */
export const chooseCloud = (sources: CloudSources): CloudEntry => {
  const problems: Problem[] = []
  const { env } = sources
  const name = sources.name ?? given(env['OS_CLOUD'])
  const ofVariables = name === (given(env['OS_CLOUD_NAME']) ?? 'envvars')
  const entry = ofVariables
    ? fromEnvironment(env)
    : name === undefined
      ? unnamed(sources, problems)
      : fromFile(name, sources, problems)
  if (entry === null || problems.length > 0) throw new InputError(problems)
  return entry
}
