// The service catalog as text: written once for all projects, then filled in for one by splicing its id.
// It exists because the catalog is nine tenths of a token's body and the same for everybody but for a few ids.
import { isEnabled, textOf, textOrNull } from './documents.js'
import { jsonString } from './json.js'
import type { Document, DocumentKind } from './store.js'

const placeholder = /[$%]\((project_id|tenant_id|user_id)\)s/g
/**
 * Marks that no JSON text contains: control characters are escaped in it. Not beyond Latin 1, since that would make
 * V8 keep two bytes for each character of everything cut from a marked text.
 */
const projectMark = '\u0001'
const userMark = '\u0002'
const marks = new RegExp(`([${projectMark}${userMark}])`)

/** A catalog's text with holes for the project and the user. */
class Template {
  /** Pieces between which the project's id goes. */
  private readonly pieces: readonly string[]
  readonly usesProject: boolean
  readonly usesUser: boolean

  constructor(marked: string) {
    this.pieces = marked.split(projectMark)
    this.usesProject = this.pieces.length > 1
    this.usesUser = marked.includes(userMark)
  }

  fill(projectId: string, userId: string): string {
    const text = this.usesProject ? this.pieces.join(projectId) : (this.pieces[0] ?? '')
    return this.usesUser ? text.replaceAll(userMark, userId) : text
  }
}

const escapedId = (id: string): string => jsonString(id).slice(1, -1)

const markedUrl = (url: string): string => {
  const marked = url.replace(placeholder, (_, name: string) => (name === 'user_id' ? userMark : projectMark))
  if (marked === url) return jsonString(url)
  const pieces = marked.split(marks)
  return `"${pieces.map((piece) => (piece === projectMark || piece === userMark ? piece : escapedId(piece))).join('')}"`
}

const endpointText = (endpoint: Document): string => {
  const region = textOrNull(endpoint, 'region_id')
  const regionText = region === null ? 'null' : jsonString(region)
  return (
    `{"id": ${jsonString(endpoint.id)}, "interface": ${jsonString(textOf(endpoint, 'interface'))}, ` +
    `"region_id": ${regionText}, "url": ${markedUrl(textOf(endpoint, 'url'))}, "region": ${regionText}}`
  )
}

const serviceText = (service: Document, endpoints: readonly string[]): string =>
  `{"endpoints": [${endpoints.join(', ')}], "id": ${jsonString(service.id)}, "type": ${jsonString(textOf(service, 'type'))}, "name": ${jsonString(textOf(service, 'name'))}}`

/** How many projects' catalogs are kept: at five kilobytes each, ten megabytes. */
const keptMax = 2000

interface CatalogFacts {
  list(kind: DocumentKind): readonly Document[]
}

/** The catalog of a cloud. `update` after its facts may have changed; `text` is then a look-up. */
export class Catalog {
  private services: readonly Document[] = []
  private endpoints: readonly Document[] = []
  private scoped = new Template('[]')
  /** For tokens without a project: endpoints whose URL needs one are left out, as Keystone does. */
  private unscoped = new Template('[]')
  private readonly kept = new Map<string, string>()

  update(facts: CatalogFacts): void {
    const services = facts.list('service')
    const endpoints = facts.list('endpoint')
    if (same(services, this.services) && same(endpoints, this.endpoints)) return
    this.services = services
    this.endpoints = endpoints
    this.scoped = this.compile(() => true)
    this.unscoped = this.compile((text) => !text.includes(projectMark))
    this.kept.clear()
  }

  /** JSON text of the list of services. */
  text(projectId: string | null, userId: string): string {
    const template = projectId === null ? this.unscoped : this.scoped
    const project = template.usesProject && projectId !== null ? projectId : ''
    if (template.usesUser) return template.fill(escapedId(project), escapedId(userId))
    const key = projectId === null ? '' : `p${project}`
    const known = this.kept.get(key)
    if (known !== undefined) return known
    if (this.kept.size >= keptMax) this.kept.clear()
    const text = template.fill(escapedId(project), '')
    this.kept.set(key, text)
    return text
  }

  private compile(keep: (endpoint: string) => boolean): Template {
    const ofService = new Map<string, string[]>()
    for (const endpoint of this.endpoints) {
      if (!isEnabled(endpoint)) continue
      const text = endpointText(endpoint)
      if (!keep(text)) continue
      const id = textOf(endpoint, 'service_id')
      const texts = ofService.get(id)
      if (texts === undefined) ofService.set(id, [text])
      else texts.push(text)
    }
    const texts: string[] = []
    for (const service of this.services) {
      const endpoints = ofService.get(service.id)
      // Keystone joins services with their endpoints, so one without any is not in the catalog.
      if (isEnabled(service) && endpoints !== undefined) texts.push(serviceText(service, endpoints))
    }
    return new Template(`[${texts.join(', ')}]`)
  }
}

const same = (a: readonly Document[], b: readonly Document[]): boolean =>
  a === b || (a.length === b.length && a.every((document, i) => document === b[i]))
