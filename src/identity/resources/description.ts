// What a resource of the API is, as data and a few functions: its names, its bodies, its rules, its own logic.
// It exists so that create, list, show, update and delete are written once (`collection.ts`), not ten times.
import type { Context } from '../context.js'
import { ApiError, refusals } from '../errors.js'
import { replyValue } from '../exchange.js'
import type { Reply, Request } from '../exchange.js'
import { isAdmin } from '../policy.js'
import type { IdentityCase } from '../questions.js'
import type { Document, DocumentKind } from '../store.js'
import type { GoodToken } from '../tokenCheck.js'
import type { Schema } from './schema.js'

/** Members of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** A request with whoever makes it. */
export interface Call {
  readonly context: Context
  readonly request: Request
  readonly caller: GoodToken
}

/** Whether somebody may do something with a document; null: with none in particular. */
export type Rule = (call: Call, document: Document | null) => boolean

/** `rule:admin_required`, which is the rule unless another is named. */
export const admins: Rule = ({ context, caller }) => isAdmin(context, caller)

/** An empty rule: whoever has a token. */
export const everybody: Rule = () => true

/** `rule:admin_or_owner`: the user whom the path names, or an admin. */
export const ownerOf =
  (userId: string): Rule =>
  (call, document) =>
    call.caller.claims.userId === userId || admins(call, document)

type Verb = 'get' | 'list' | 'create' | 'update' | 'delete'

/** A resource. Functions that write do so themselves, with whatever follows from it (`cascade.ts`). */
export interface ResourceDescription {
  readonly kind: DocumentKind
  /** Name of one in bodies, and in `Could not find …`. */
  readonly member: string
  /** Name of many in bodies and paths. */
  readonly collection: string
  readonly createSchema: Schema
  readonly updateSchema: Schema
  /** What a list can be filtered by. */
  readonly filters: readonly string[]
  /** All but admins are refused where no rule stands here. */
  readonly rules?: Readonly<Partial<Record<Verb, Rule>>>
  /** What the API shows of a document, without links. */
  readonly view: (context: Context, document: Document) => Fields
  /** Where documents are found, if not among their kind. */
  readonly find?: (context: Context, id: string) => Document | null
  readonly list?: (context: Context, query: string) => readonly Document[]
  /** Further members of a single one that a query asks for. */
  readonly expand?: (call: Call, document: Document) => Fields
  /** Makes one of what a valid body asks for. */
  readonly create: (call: Call, asked: Fields) => IdentityCase<Document>
  readonly update: (call: Call, document: Document, asked: Fields) => IdentityCase<Document>
  readonly remove: (call: Call, document: Document) => IdentityCase<void>
}

/** Where the API is: `https://host:5000/v3/PATH`. */
export const linkTo = (context: Context, path: string): string => `${context.config.publicUrl}/v3/${path}`

/** What the API shows of one, with its link. */
export const shownAs = (
  description: Pick<ResourceDescription, 'view' | 'collection'>,
  context: Context,
  document: Document,
): Fields => ({
  ...description.view(context, document),
  links: { self: linkTo(context, `${description.collection}/${document.id}`) },
})

/** A list as a reply. Its link repeats path and query of the request. */
export const replyList = (
  { context, request }: Pick<Call, 'context' | 'request'>,
  collection: string,
  items: readonly unknown[],
): Reply => {
  const query = request.query === '' ? '' : `?${request.query}`
  const self = `${context.config.publicUrl}${request.path}${query}`
  return replyValue(context, 200, { [collection]: items, links: { next: null, self, previous: null } })
}

/** The document of this id. @throws ApiError 404 */
export const required = (context: Context, kind: DocumentKind, id: string, what: string = kind): Document => {
  const document = context.facts.get(kind, id)
  if (document === null) throw new ApiError(refusals.notFound(what, id, context.config.profile))
  return document
}

/** The fields of a document or body but those named. */
export const without = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

/** A 400 in words of its own. */
export const badRequest = (message: string): ApiError => new ApiError(refusals.invalid(message))
