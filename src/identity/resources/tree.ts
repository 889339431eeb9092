// The tree of projects: a domain at the root, projects below it, each within the domain of its parent.
// It exists because inheritance, disabling and deleting all ask what stands above and below.
import type { Facts } from '../derived.js'
import { textOf, textOrNull } from '../documents.js'
import type { Document } from '../store.js'

/** Projects above a project, the nearest first, without the domain. */
export const parentsOf = (facts: Facts, project: Document): readonly Document[] => {
  const parents: Document[] = []
  const seen = new Set([project.id])
  for (let at: Document | null = project; at !== null;) {
    const parentId: string | null = textOrNull(at, 'parent_id')
    at = parentId === null || seen.has(parentId) ? null : facts.get('project', parentId)
    if (at === null) break
    seen.add(at.id)
    parents.push(at)
  }
  return parents
}

/** Projects right below a project or a domain. */
export const childrenOf = (facts: Facts, id: string): readonly Document[] =>
  facts.find('project', 'parent_id', id).filter((child) => child.id !== id)

/** All projects below a project or a domain, parents before their children. */
export const subtreeOf = (facts: Facts, id: string): readonly Document[] => {
  const found = new Map<string, Document>()
  const waiting = [id]
  for (const parent of waiting) {
    for (const child of childrenOf(facts, parent)) {
      if (found.has(child.id)) continue
      found.set(child.id, child)
      waiting.push(child.id)
    }
  }
  return [...found.values()]
}

/** All projects of a domain. */
export const projectsIn = (facts: Facts, domainId: string): readonly Document[] =>
  facts.find('project', 'domain_id', domainId)

/** The ids above a project up to its domain, each holding the next: `{parent: {grandparent: {domain: null}}}`. */
export const parentsAsIds = (facts: Facts, project: Document): unknown => {
  const ids = [...parentsOf(facts, project).map((parent) => parent.id), textOf(project, 'domain_id')]
  return ids.reduceRight<unknown>((inner, id) => ({ [id]: inner }), null)
}

/** The ids below a project, each holding those below it; null: none. */
export const subtreeAsIds = (facts: Facts, id: string, seen: ReadonlySet<string> = new Set()): unknown => {
  const children = childrenOf(facts, id).filter((child) => !seen.has(child.id))
  if (children.length === 0) return null
  const below = new Set([...seen, id])
  return Object.fromEntries(children.map((child) => [child.id, subtreeAsIds(facts, child.id, below)]))
}
