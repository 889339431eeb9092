// What a request's body brings for an operation: the one member that it is about.
// It exists because Keystone hands members of a body to a function as arguments, and its refusals tell.
import { ApiError, refusals } from '../errors.js'
import type { Request } from '../exchange.js'
import { isObject } from '../json.js'

/** Deeper bodies are refused; nobody's description of a user needs this. */
const depthMax = 40

const isDeeper = (value: unknown, depthLeft: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  return depthLeft === 0 || Object.values(value).some((member) => isDeeper(member, depthLeft - 1))
}

/** What Keystone takes for an empty body: nothing, and whatever Python calls false. */
const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0)

/**
 * The member of the body that an operation is about.
 * @param action the name of Keystone's function, which its refusals mention
 * @throws ApiError 400 if the body is no JSON object, lacks the member or has others
 */
export const memberOfBody = (request: Request, member: string, action: string): unknown => {
  if (request.bodyProblem !== undefined) throw new ApiError(refusals.expecting('valid JSON', 'request body'))
  const body = isNothing(request.json) ? {} : request.json
  if (!isObject(body)) throw new ApiError(refusals.expecting('valid JSON object', 'request body'))
  const names = Object.keys(body).filter(
    (name) => name !== 'self' && name !== 'context' && !name.startsWith('_'),
  )
  const other = names.find((name) => name !== member)
  if (other !== undefined) {
    throw new ApiError(refusals.invalid(`${action}() got an unexpected keyword argument '${other}'`))
  }
  if (!names.includes(member)) {
    throw new ApiError(refusals.invalid(`${action}() missing 1 required positional argument: '${member}'`))
  }
  const value = body[member]
  if (isDeeper(value, depthMax)) throw new ApiError(refusals.expecting('valid JSON object', 'request body'))
  return value
}
