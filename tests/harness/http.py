"""Sends HTTP requests by httpx, with time enough for a busy machine.

All share one TLS context: httpx would read the certificate authorities for each client, which takes 30 ms.
"""

from functools import partial

import httpx

TIMEOUT_SECONDS = 30.0
TLS = httpx.create_ssl_context()

client = partial(httpx.Client, verify=TLS, timeout=TIMEOUT_SECONDS)
request = partial(httpx.request, verify=TLS, timeout=TIMEOUT_SECONDS)
get = partial(httpx.get, verify=TLS, timeout=TIMEOUT_SECONDS)
options = partial(httpx.options, verify=TLS, timeout=TIMEOUT_SECONDS)
post = partial(httpx.post, verify=TLS, timeout=TIMEOUT_SECONDS)
