// The floor of the validation benchmark: the HTTP server that the backends use, with one route that only answers.
// A process of its own, as a backend is; the answer has a validation's headers and length.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerParent } from '../io/childProcess.js'

let server: Server | null = null

answerParent(
  {
    open: ({ bytes }: { readonly bytes: number }) =>
      new Promise<{ port: number }>((resolve) => {
        const body = 'x'.repeat(bytes)
        const bare = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
          response
            .writeHead(200, {
              Vary: 'X-Auth-Token',
              'Content-Type': 'application/json',
              'x-openstack-request-id': 'req-00000000-0000-4000-8000-000000000000',
              'X-Subject-Token': '0'.repeat(32),
              'Content-Length': String(bytes),
            })
            .end(body)
        })
        server = bare
        bare.listen(0, '127.0.0.1', () => resolve({ port: (bare.address() as AddressInfo).port }))
      }),
  },
  async () => {
    server?.closeAllConnections()
    server?.close()
  },
)
