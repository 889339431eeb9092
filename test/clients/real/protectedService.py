"""A service behind the auth_token middleware, as an OpenStack service of an operator: it tells who it was called by.

The middleware's settings come as JSON on the command line's environment, CUTOVER_AUTH_TOKEN, since they hold a password.
"""

import json
import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from keystonemiddleware import auth_token

told = ('USER_ID', 'USER_NAME', 'PROJECT_ID', 'ROLES', 'SERVICE_USER_ID', 'SERVICE_ROLES', 'IDENTITY_STATUS')


def service(environ, start_response):
    body = {name: environ.get('HTTP_X_' + name, environ.get('HTTP_' + name)) for name in told}
    body['SERVICE_CATALOG'] = 'HTTP_X_SERVICE_CATALOG' in environ
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(body).encode()]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    settings = json.loads(os.environ.pop('CUTOVER_AUTH_TOKEN'))
    protected = auth_token.AuthProtocol(service, settings)
    server = make_server('127.0.0.1', 0, protected, Server, QuietHandler)
    print(json.dumps({'port': server.server_port}), flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
