"""Decodes transcript files, and guesses the encoding of those that are not in Unicode."""

import codecs
import re
import unicodedata

from domain.transcripts.cues import NotATranscript, Notes, quoted

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "a document of a word processor, or another ZIP: save it as plain text"),
    (b"\xd0\xcf\x11\xe0", "a document of a word processor: save it as plain text"),
    (b"%PDF", "a PDF: copy its text"),
    (b"\x1f\x8b", "compressed with gzip: decompress it"),
    (b"ID3", "a recording: have it transcribed"),
    (b"RIFF", "a recording: have it transcribed"),
    (b"OggS", "a recording: have it transcribed"),
    (b"\x1aE\xdf\xa3", "a recording: have it transcribed"),
)
"""The first bytes of what people take for a transcript, and what helps."""
_KANA, _HANGUL = re.compile("[\u3041-\u30ff]"), re.compile("[\uac00-\ud7a3]")
_CHINESE = re.compile("[\u7684\u662f\u4e86\u6211\u4e0d\u5728\u6709\u8fd9\u9019]")  # the most frequent characters
_TELLING = {"shift_jis": _KANA, "euc_jp": _KANA, "gb18030": _CHINESE, "big5": _CHINESE, "euc_kr": _HANGUL}
"""Characters without which a text is hardly in such an encoding of several bytes."""
_COMMON_EAST_ASIAN = re.compile("[\u3000-\u30ff\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff5e]")
_SINGLE_BYTE = ("cp1252", "cp1251", "cp1250", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256")
_TYPOGRAPHIC = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u00ab\u00bb"
"""Marks that stand beside the letters of every script."""
_ENCODINGS_OF_NAMES = ("idna", "punycode")
"""Encodings of names in the Internet, one of which takes time that grows with the square of a text."""
_SAMPLE_BYTES = 20_000
_MAX_SAMPLES = 200


def decode(data: bytes, encoding: str | None, notes: Notes) -> str:
    """Returns the text of a file as it stands there.

    Without an `encoding`, the file is UTF-8, or UTF-16 or UTF-32 if it begins with a mark or its zeros show it. Raises
    NotATranscript, with a guess of the encoding where there is a good one.
    """
    for mark, message in _NO_TEXT:
        if data.startswith(mark):
            raise NotATranscript(f"this is {message} first")
    name = _known(encoding) if encoding else _unicode_form(data, notes)
    try:
        text = data.decode(name)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = _line_after(data[:start].decode(name, "ignore"))
        raise NotATranscript(f"line {line:,} is not in {_shown(name)}{_advice(data, encoding)}") from None
    return text


def _known(encoding: str) -> str:
    """Returns the name of an encoding of texts. Raises NotATranscript if it is none."""
    try:
        name = codecs.lookup(encoding).name
        if name not in _ENCODINGS_OF_NAMES:
            b"a".decode(name, "replace")  # which is refused for an encoding of other things than texts
            return name
    except (LookupError, ValueError):
        pass
    raise NotATranscript(f"there is no encoding {quoted(ascii(encoding)[1:-1])}")


def with_plain_lines(text: str, notes: Notes) -> str:
    """Returns the text of a file with `\n` for every line break, and without a mark at its start.

    Raises NotATranscript if it contains a NUL.
    """
    text = text.removeprefix("\ufeff")
    before, nul, _ = text.partition("\x00")
    if nul:
        line = _line_after(before)
        raise NotATranscript(f"line {line:,} contains a NUL: this is a binary file, or a text in an unusual encoding")
    if "\r" in text:
        if "\r\r\n" in text:
            notes.add(None, "line breaks are doubled (CR CR LF), and are read as one")
            text = text.replace("\r\r\n", "\n")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def guess(data: bytes) -> str | None:
    """Returns the encoding that the lines beyond ASCII are most likely written in, or None if there is no good guess."""
    lines = [line for line in data[: 50 * _SAMPLE_BYTES].splitlines() if not line.isascii()][:_MAX_SAMPLES]
    sample = b"\n".join(lines)[:_SAMPLE_BYTES].rpartition(b"\n")[0] or b"\n".join(lines)[:_SAMPLE_BYTES]
    # A list of bytes that is valid in an encoding of several bytes by chance gives rare characters.
    scores = {name: _score(sample, name) for name in (*_TELLING, *_SINGLE_BYTE)}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0.5 else None


def _score(sample: bytes, encoding: str) -> float:
    """Returns how likely a sample is written so, from 0.0 to 1.0: its characters are letters of one script."""
    try:
        text = sample.decode(encoding)
    except UnicodeError:
        return 0.0
    beyond = [character for character in text if character > "\x7f"]
    if not beyond:
        return 0.0
    if encoding in _TELLING:
        common = len(_COMMON_EAST_ASIAN.findall(text))
        return common / len(beyond) * (1.0 if _TELLING[encoding].search(text) else 0.6)
    letters = [character for character in beyond if character.isalpha()]
    scripts = [unicodedata.name(character, "?").split()[0] for character in letters]
    if not letters:
        return 0.55 if encoding == "cp1252" and all(unicodedata.category(c)[0] in "PSZ" for c in beyond) else 0.0
    script = max(set(scripts), key=scripts.count)
    wanted = {"cp1251": "CYRILLIC", "koi8_r": "CYRILLIC", "cp1253": "GREEK", "cp1255": "HEBREW", "cp1256": "ARABIC"}
    if script != wanted.get(encoding, "LATIN"):
        return 0.0
    odd = len(re.findall(r"[^\W\d_](?<=[a-z\u00df-\u00ff\u0430-\u044f])[A-Z\u0410-\u042f\u00c0-\u00de]", text))
    mixed = len(re.findall(r"[a-zA-Z][\u0370-\u06ff]|[\u0370-\u06ff][a-zA-Z]", text))
    marks = sum(character in _TYPOGRAPHIC for character in beyond)
    # A word of accented letters only is hardly Latin: so a text in Cyrillic or Greek looks.
    unlike = sum(map(len, re.findall(r"[\u00c0-\u024f]{4,}", text)))
    symbols = sum(1 for character in beyond if unicodedata.category(character)[0] in "CS")
    share = (scripts.count(script) + marks - 2 * (odd + mixed + symbols + unlike)) / len(beyond)
    rarity = {"cp1252": 0.0, "cp1251": 0.0}.get(encoding, 0.05)
    return max(0.0, share - rarity)


def _unicode_form(data: bytes, notes: Notes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    head = data[:400]
    even, odd = head[0::2], head[1::2]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(head) >= 8 and zeros.count(0) * 10 >= len(zeros) * 7 and 0 not in others:
            notes.add(None, f"the file is in {_shown(name)}, without a mark that says so")
            return name
    return "utf-8"


def _advice(data: bytes, encoding: str | None) -> str:
    name = guess(data) if encoding is None and 0 not in data[:1_000] else None
    if not name:
        return ": if this is a text file, save it in UTF-8 and try again"
    line = next(line for line in data.splitlines() if not line.isascii())
    return f": it may be in {_shown(name)} (--encoding {name}), which reads {quoted(line.decode(name, 'replace'))}"


def _shown(encoding: str) -> str:
    return encoding.removesuffix("-sig").upper() if encoding.startswith("utf") else encoding


def _line_after(text: str) -> int:
    """Returns the number of the line in which this text ends."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
