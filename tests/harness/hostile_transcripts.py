"""Transcript files that are made to cost much: they begin as a dialect does, and repeat a fragment to their end."""

from collections.abc import Iterator

from tests.harness.large_transcripts import File
from tests.harness.transcript_files import TIMES

FRAGMENTS = (
    *("<", "<v ", "<v a", "<v a>", "<v a>b", "<c.a", "<c>", "<0000", "<00:01.000>", "<00:01.000>a", "</v>", "<b>", ".", "&"),
    *("&#1", "&lt;", "1", ":", ": ", "a: ", "Aa. ", "Aa: b\n", "[a]", "[", "- ", ">>", " ", "\t", "x", "x ", "é"),
    *("e\u0301", "佐"),
    *(" \n", "-->", "--> \n", "-->\n\n", "1\n", "1\n\n", "a\n\n", "NOTE x\n\n", "NOTE\n", "STYLE\na\n\n", "00:", "0:0 "),
    *(f"{TIMES}\na\n\n", f"{TIMES}\n", f"{TIMES} x\n", f"1\n{TIMES}\n1\n", f"{TIMES.replace('>', '')}\na\n"),
    *("<v A>a\n<v B>b\n", "{\\a}", "{\\", "<br>", "<br", "\u2060", "\u200b", "```\n", "\r", "\r\r\n", "SPEAKER ", "；", "："),
    *("[" * 20, '{"a":', '{"text":"a","start":1,"end":1},', '{"text":"a","start":1,"end":1}\n', "{}\n", "[]\n", "{},", "NaN,"),
    *("1,", '"', '"a",', "\\", "<p>a</p>", '<p begin="1s">a</p>', "<div>", "<!-- ", "<br/>", "&amp;", "<p a='b'>"),
    *("A B   0:03\na\n", "A B   0:03\n", "[00:00:03] ", "[00:00:03] a: b\n", "(0:03)\n", "0:0:1.0 --> 0:0:2.0\nA\nb\n"),
    *("0:00:01.000,0:00:02.000\na\n", "0:00:01.000,0:00:02.000\n", "0:00:01,0:00\n"),
    *("<SYNC Start=1>", "<SYNC Start=1><P Class=a>b", "<P Class=b>", "<!--", "a 1 0.5 0.3 so 0.9\n", "a 1 b 1 2 <o> so\n"),
    *("1.0\t2.0\ta\n", "\\\t", "Speaker 1 a\n", "Ann 1 minute 2 seconds\na\n", "1 hour ", "Ann: [00:03] a\n", "**a**"),
    *("- [0:03] ", "00:00:03:12 - 00:00:05:00\n", "00:00:03:12 - 00:00:05:00\nAnn\na\n"),
    *("[00:01.00]", "[00:01.00]a\n", "{1}{2}a\n", "{y:i}", "[1][2]a|\n", ",", ";", '"a",1\n', '"', "1,2,a\n", "[ti:", "a: b\n"),
)  # fmt: skip
STARTS = {
    "nothing": "",
    "WebVTT": f"WEBVTT\n\n{TIMES}\na",
    "WebVTT, header": "WEBVTT\n\n",
    "SubRip": f"1\n{TIMES.replace('.', ',')}\na",
    "SBV": "0:00:01.000,0:00:02.000\na",
    "TTML": '<tt><body><div><p begin="1s" end="2s">a</p>',
    "plain text": "Ann Bo   0:03\nso\n\nBo Li   0:05\nso\n",
    "Teams document": "0:0:1.0 --> 0:0:2.0\nAnn\nso\n",
    "RTTM": "SPEAKER a 1 0.5 1.5 <NA> <NA> S1 <NA> <NA>\n",
    "table": "Start,End,Text\n",
    "LRC": "[ti:Weekly]\n[00:01.00]a",
    "MicroDVD": "{1}{1}25\n{1}{2}a",
    "Premiere": "00:00:03:12 - 00:00:05:00\nAnn\na\n",
    "SAMI": "<SAMI><BODY><SYNC Start=1000><P Class=ENCC>a",
    "CTM": "a 1 0.5 0.3 so 0.9\na 1 0.9 0.3 so 0.9\n",
    "STM": "a 1 Ann 0.5 0.9 <o> so\n",
    "Audacity": "1.0\t2.0\ta\n",
    "spelled times": "Ann 0 minutes 2 seconds\na\nBo 0 minutes 3 seconds\na\n",
    "TTML of Apple": '<tt xmlns:i="http://music.apple.com/x"><body><div><p begin="1" end="2"><span begin="1" end="2">a</span>',
    "JSON": "[",
    "JSON object": '{"segments":[',
}


def hostile_files() -> Iterator[tuple[str, File]]:
    """Yields each file with its name."""
    for start, head in STARTS.items():
        for fragment in FRAGMENTS:
            yield f"{start}, then {fragment!r}", File("a", lambda _, fragment=fragment: fragment, head)  # type: ignore[misc]
