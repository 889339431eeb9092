"""What openstacksdk itself reads: each line of JSON on stdin names a folder and an environment, each answer is its settings."""
import importlib
import json
import os
import sys

import openstack.config.loader as loader

for line in sys.stdin:
    case = json.loads(line)
    os.environ.clear()
    os.environ.update(case['env'])
    os.chdir(case['folder'])
    importlib.reload(loader)
    try:
        # The command `openstack` hands the region in like that.
        region = loader.OpenStackConfig().get_one(region_name=os.environ.get('OS_REGION_NAME'))
        verify, _ = region.get_requests_verify_args()
        answer = {
            'auth': {key: value for key, value in region.config['auth'].items() if value is not None},
            'verify': verify,
            'region': region.region_name or None,
            'interface': region.get_interface('identity'),
        }
    except Exception as error:
        answer = {'error': str(error)}
    print(json.dumps(answer), flush=True)
