"""The words of the protocol: what it calls an evaluation, and an error."""

BASE_VARIANT = "base"
"""The variant of an agent without an active variant."""
PARSE_ERROR, INVALID_CONTEXT, FLAG_NOT_FOUND, GENERAL = "PARSE_ERROR", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"


class EvaluationFailed(Exception):
    """Flags are not evaluated. The response has this status, and says why in a code of OpenFeature and in words."""

    def __init__(self, status: int, code: str, details: str, retry_after: int | None = None) -> None:
        super().__init__(details)
        self.status = status
        self.code = code
        self.details = details
        self.retry_after = retry_after


def evaluation(config: dict[str, object]) -> dict[str, object]:
    """Returns the evaluation of an agent's flag, whose value is what the agent resolves to."""
    return {
        "key": config["agentSlug"],
        "reason": "STATIC",
        "variant": config["variantSlug"] or BASE_VARIANT,
        "value": config,
    }


def failure(error: EvaluationFailed, key: str | None) -> dict[str, object]:
    """Returns the body of the response to flags that are not evaluated; `key` is that of the one that was asked for."""
    body: dict[str, object] = {} if key is None else {"key": key}
    return body | {"errorCode": error.code, "errorDetails": error.details}


def check_context(body: object) -> None:
    """Checks the evaluation context, which changes nothing: an agent resolves to the same for all. Raises EvaluationFailed."""
    if not isinstance(body, dict):
        raise EvaluationFailed(400, PARSE_ERROR, "the body must be a JSON object")
    if not isinstance(body.get("context", {}), dict):
        raise EvaluationFailed(400, INVALID_CONTEXT, "context must be an object")
