# Keystone's own Fernet code, of Debian's python3-keystone, asked line by line: JSON in, JSON out.
# It exists so that key folders and tokens are held against the code that made them, without a server.
import json
import sys

import keystone.conf
from keystone.common import fernet_utils
from keystone.token import token_formatters

CONF = keystone.conf.CONF
keystone.conf.configure(conf=CONF)
CONF([], project="keystone", default_config_files=[])

FIELDS = (
    "user_id methods audit_ids system domain_id project_id trust_id federated_group_ids "
    "identity_provider_id protocol_id access_token_id app_cred_id issued_at expires_at"
).split()
PAYLOADS = {each.version: each for each in token_formatters._PAYLOAD_CLASSES}


def answer(ask):
    folder, keep = ask["folder"], ask.get("max_active_keys", 3)
    repository = fernet_utils.FernetUtils(folder, keep, "fernet_tokens")
    owner = (ask.get("uid"), ask.get("gid"))
    if ask["do"] == "setup":
        repository.create_key_directory(*owner)
        return repository.initialize_key_repository(*owner)
    if ask["do"] == "rotate":
        return repository.rotate_keys(*owner)
    if ask["do"] == "methods":
        return CONF.auth.methods
    CONF.set_override("key_repository", folder, group="fernet_tokens")
    formatter = token_formatters.TokenFormatter()
    if ask["do"] == "create":
        return formatter.create_token(payload_class=PAYLOADS[ask["version"]], **ask["claims"])
    return dict(zip(FIELDS, formatter.validate_token(ask["token"])))


for line in sys.stdin:
    try:
        reply = {"answer": answer(json.loads(line))}
    except Exception as error:  # The other side decides whether it was to be expected.
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
