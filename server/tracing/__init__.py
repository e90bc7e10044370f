"""Traces operations and their SQL statements with OpenTelemetry, where its own variables (`OTEL_*`) ask for it.

Without them nothing of it is imported, and nothing of it is on the way of a request.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec

from domain.errors import RapporteurError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTER_VARIABLE = "OTEL_TRACES_EXPORTER"
PROTOCOL = "http/protobuf"


def is_tracing(environment: Mapping[str, str] = os.environ) -> bool:
    """Returns whether the variables ask for traces: they name an exporter, or where to send traces to.

    Raises RapporteurError for what cannot be done.
    """
    exporter = environment.get(EXPORTER_VARIABLE, "")
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or exporter == "none":
        return False
    if not exporter and not any(environment.get(name) for name in _ENDPOINTS):
        return False
    if exporter not in ("", "otlp", "console"):
        raise RapporteurError(f"{EXPORTER_VARIABLE} must be otlp, console or none")
    for name in _PROTOCOLS:
        if environment.get(name, PROTOCOL) != PROTOCOL:
            raise RapporteurError(f"{name} must be {PROTOCOL}: Rapporteur sends traces in no other way")
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise RapporteurError(
            "OTEL_* variables ask for traces, which need OpenTelemetry: pip install 'rapporteur[otel]'"
        )
    return True
