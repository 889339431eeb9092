// A request of a client in the form in which the identity API takes it, without a wire in between.
// The simulated world hands it straight to the identity logic that the servers run.
import type { ApiRequest } from '../clients/exchange.js'
import { authBody, queryOf, receiptHeader, receiptOf } from '../io/keystoneClient.js'
import type { Request } from '../identity/exchange.js'

const path = '/v3/auth/tokens'
const noHeader = (): undefined => undefined

const headerOf = (request: ApiRequest): Request['header'] => {
  const receipt = receiptOf(request)
  return receipt === undefined ? noHeader : (name) => (name === receiptHeader ? receipt : undefined)
}

export const apiForm = (request: ApiRequest): Request => {
  switch (request.op) {
    case 'validate':
    case 'revoke':
      return {
        method: request.op === 'validate' ? 'GET' : 'DELETE',
        path,
        query: queryOf(request),
        json: undefined,
        header: (name) =>
          name === 'x-auth-token'
            ? request.authToken
            : name === 'x-subject-token'
              ? request.subjectToken
              : undefined,
      }
    case 'issue':
    case 'trust-issue':
      return { method: 'POST', path, query: '', json: authBody(request), header: headerOf(request) }
  }
}
