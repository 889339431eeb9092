"""OpenStack's own client libraries, asked line by line: a JSON request on stdin, its JSON answer on stdout.

It exists so that the tests meet the clients that operators run, without the second that each start of Python takes.
"""

import base64
import json
import os
import sys
import tempfile
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from keystoneauth1 import exceptions, loading, session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client as identity
from openstackclient.shell import OpenStackShell

# By name: sessions live on between requests, as a service's or a user's program would keep them.
sessions = {}


def openstack(words, environment):
    """One `openstack` command in a process of its own, as a shell starts it, but with its modules loaded."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.environ.update(environment)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            try:
                code = OpenStackShell().run(words)
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code or 0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return {'code': code, 'stdout': out.read().decode(), 'stderr': err.read().decode()}


def passcode_of(secret):
    """The passcode of this moment, as an authenticator shows it; made when it is sent, since it does not live long."""
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30, enforce_key_length=False).generate(int(time.time())).decode()


def log_in(name, plugin, options, totp_secret=None):
    """Opens a session with an authentication plugin, by the name and the options that `auth_type` has in files."""
    if totp_secret is not None:
        options['passcode'] = passcode_of(totp_secret)
    auth = loading.get_plugin_loader(plugin).load_from_options(**options)
    sessions[name] = session.Session(auth=auth)
    return access(name)


def go_on(name, receipt, totp_secret, user_id):
    """Goes on with a log-in that was given a receipt for its password, by a passcode of the user's."""
    auth = sessions[name].auth
    passcode = passcode_of(totp_secret)
    auth.auth_methods = [v3.ReceiptMethod(receipt=receipt), v3.TOTPMethod(passcode=passcode, user_id=user_id)]
    return access(name)


def access(name):
    """What the session's token says, logging in if there is none."""
    one = sessions[name]
    ref = one.auth.get_access(one)
    return {
        'token': ref.auth_token,
        'user': ref.username,
        'userId': ref.user_id,
        'projectId': ref.project_id,
        'domainId': ref.domain_id,
        'system': ref.system_scoped,
        'trustId': ref.trust_id,
        'methods': ref._data['token']['methods'],
        'roles': sorted(ref.role_names),
        'auditIds': ref._data['token']['audit_ids'],
        'expires': ref.expires.isoformat(),
        'services': sorted(ref.service_catalog.get_endpoints()) if ref.has_service_catalog() else [],
    }


def request(name, method, path):
    """A request to the identity service, whose address comes from the token's catalog."""
    service = {'service_type': 'identity', 'interface': 'public', 'version': (3, 0)}
    answer = sessions[name].request(path, method, endpoint_filter=service, raise_exc=False)
    return {'status': answer.status_code, 'body': answer.json() if answer.text else None}


def plain(value):
    """What a call of keystoneclient gave, as plain data."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, 'to_dict'):
        return value.to_dict()
    if hasattr(value, '_data'):
        return value._data
    if hasattr(value, 'status_code'):
        return value.status_code
    return value


def call(name, method, words, options):
    """A call of keystoneclient: `trusts.create` and the like."""
    target = identity.Client(session=sessions[name], interface='public')
    for part in method.split('.'):
        target = getattr(target, part)
    result = target(*words, **options)
    # Some calls answer with the reply and its body.
    return plain(result[1] if isinstance(result, tuple) else result)


def refusal(error):
    """An error of a client as plain data."""
    problem = {'kind': type(error).__name__, 'message': str(error), 'status': getattr(error, 'http_status', None)}
    if isinstance(error, exceptions.MissingAuthMethods):
        problem.update(receipt=error.receipt, methods=error.methods, required=error.required_auth_methods)
    return problem


known = {each.__name__: each for each in (openstack, log_in, go_on, access, request, call)}


def main():
    """Answers until stdin ends. What libraries print is not our answer, so it goes to stderr."""
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)
    # Loads what every command needs, the long list of commands among it.
    OpenStackShell().run(['help', 'token', 'issue'])
    answers.write('{"ready": true}\n')
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {'value': known[asked['do']](**asked['with'])}
        except Exception as error:  # Whatever a client throws is an answer of the test.
            answer = {'refusal': refusal(error)}
        answers.write(json.dumps(answer) + '\n')


if __name__ == '__main__':
    main()
