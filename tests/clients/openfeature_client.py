"""OpenFeature's SDK for Python with its provider for OFREP: the same as openfeature-server.mjs does.

python openfeature_client.py FOLDER URL SLUG...    FOLDER has the SDK and the provider
"""

import json
import sys

_, folder, url, *slugs = sys.argv
sys.path.insert(0, folder)

from openfeature import api  # type: ignore[import-not-found] # noqa: E402
from openfeature.contrib.provider.ofrep import OFREPProvider  # type: ignore[import-not-found] # noqa: E402
from openfeature.evaluation_context import EvaluationContext  # type: ignore[import-not-found] # noqa: E402

api.set_provider(OFREPProvider(url, timeout=30.0))
client = api.get_client()
for slug in slugs:
    context = EvaluationContext("meeting-1", {"plan": "pro"})
    details = client.get_object_details(slug, {"modelName": "default"}, context)
    said = {
        "value": details.value,
        "variant": details.variant,
        "reason": details.reason,
        "errorCode": details.error_code,
    }
    print(json.dumps(said), flush=True)  # noqa: T201
