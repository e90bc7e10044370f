"""The one rule by which the text and the speaker of a segment are resolved, in SQL.

Each is the correction, else (for the speaker) the name given to the label, else what was heard. The columns `text` and
`speaker` hold the resolved values, so that reading and searching them costs no more than before. `heard_text` and
`heard_speaker` hold what was heard, or null where that is the same.
"""

NAMES = "nullif(speaker_names, '{}')"
"""The names of a meeting's speakers, or null if it has none: then nothing is looked up for its segments."""


def heard(row: str) -> dict[str, str]:
    """Returns the expressions of what was heard, by the names of the columns that hold the resolved values."""
    return {name: f"coalesce({row}.heard_{name}, {row}.{name})" for name in ("text", "speaker")}


def resolved(
    text: str, speaker: str, names: str, *, corrected_text: str | None = None, corrected_speaker: str | None = None
) -> dict[str, str]:
    """Returns the expressions of the columns that hold what is resolved, and what was heard.

    `text` and `speaker` are the expressions of what was heard, `names` of the meeting's `speaker_names`. A segment that was
    never corrected has no expressions of corrections.
    """
    said = f"coalesce({corrected_text}, {text})" if corrected_text else text
    name = ", ".join(part for part in (corrected_speaker, f"{names} ->> {speaker}", speaker) if part)
    return {
        "text": said,
        "speaker": f"coalesce({name})",
        "heard_text": f"nullif({text}, {said})" if corrected_text else "NULL",
        "heard_speaker": f"nullif({speaker}, coalesce({name}))",
    }


def assignments(values: dict[str, str]) -> str:
    """Returns the columns and their expressions as the SET clause of an UPDATE has them."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())
