// The tags of a project: the list of them, and one at a time.
// Source: `keystone/resource/controllers.py`, `ProjectTagV3`; they came with Queens (API 3.10).
import type { Context } from '../context.js'
import { textsOf } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { replyNothing, replyValue } from '../exchange.js'
import type { Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import type { Document } from '../store.js'
import { memberOfBody } from './body.js'
import { operation } from './collection.js'
import { admins, linkTo } from './description.js'
import type { Call, Rule } from './description.js'
import { findProject, fromWithin } from './projects.js'
import { headerSafe } from './query.js'
import { requireValid, shapes, tagsShape } from './schema.js'

const projectFor = (call: Call, id: string, rule: Rule, action: string): Document => {
  const { context } = call
  const project = findProject(context, id)
  if (project === null) throw new ApiError(refusals.notFound('project', id, context.config.profile))
  requireAllowed(context, rule(call, project), action)
  return project
}

function* putTags(context: Context, project: Document, tags: readonly string[]): IdentityCase<void> {
  const kind = project['is_domain'] === true ? 'domain' : 'project'
  const document = context.facts.get(kind, project.id)
  if (document !== null) yield* ask.putDocument(kind, { ...document, tags })
}

/** GET, PUT and DELETE /v3/projects/{id}/tags */
export const tagsOf = (id: string): Operations => {
  const self = (context: Context) => ({ self: linkTo(context, `projects/${id}/tags`) })
  return {
    GET: operation((call) => {
      const project = projectFor(call, id, fromWithin, 'list_project_tags')
      return replyValue(call.context, 200, { links: self(call.context), tags: textsOf(project, 'tags') })
    }),
    PUT: operation(function* (call) {
      const project = projectFor(call, id, admins, 'update_project_tags')
      const tags = memberOfBody(call.request, 'tags', 'update_project_tags')
      requireValid(tagsShape, tags)
      yield* putTags(call.context, project, tags as readonly string[])
      return replyValue(call.context, 200, { links: self(call.context), tags })
    }),
    DELETE: operation(function* (call) {
      const project = projectFor(call, id, admins, 'delete_project_tags')
      yield* putTags(call.context, project, [])
      return replyNothing(call.context)
    }),
  }
}

/** PUT, HEAD, GET and DELETE /v3/projects/{id}/tags/{tag} */
export const tagOf = (id: string, tag: string): Operations => {
  const tagged = (call: Call, rule: Rule, action: string): Document => {
    const project = projectFor(call, id, rule, action)
    if (textsOf(project, 'tags').includes(tag)) return project
    throw new ApiError(refusals.notFound('project tag', tag, call.context.config.profile))
  }
  return {
    PUT: operation(function* (call) {
      const { context } = call
      const project = projectFor(call, id, admins, 'create_project_tag')
      requireValid(shapes.tag, tag)
      const tags = [...textsOf(project, 'tags'), tag.trim()]
      requireValid(tagsShape, tags)
      yield* putTags(context, project, tags)
      const reply = replyNothing(context)
      return {
        ...reply,
        status: 201,
        headers: { ...reply.headers, Location: linkTo(context, `projects/${id}/tags/${headerSafe(tag)}`) },
      }
    }),
    GET: operation((call) => {
      tagged(call, fromWithin, 'get_project_tag')
      return replyNothing(call.context)
    }),
    DELETE: operation(function* (call) {
      const project = tagged(call, admins, 'delete_project_tag')
      yield* putTags(
        call.context,
        project,
        textsOf(project, 'tags').filter((other) => other !== tag),
      )
      return replyNothing(call.context)
    }),
  }
}
