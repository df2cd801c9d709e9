"""Trino's functions on strings where DuckDB counts or compares otherwise: by grapheme, byte or fold.

Source: https://trino.io/docs/current/functions/string.html and StringFunctions of trino-main.
"""

from __future__ import annotations

import re
import unicodedata

from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
# What Character.isWhitespace of Java says: no-break spaces are none.
_BLANK = (
    r"[\x{9}-\x{D}\x{1C}-\x{20}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}"
    r"\x{2028}\x{2029}\x{205F}\x{3000}]"
)


def reversed_text(text: str) -> str:
    return text[::-1]


def _upper(letter: str) -> str:
    """The simple mapping of one code point: ß stays, as it has no single upper case letter."""
    if len(letter.upper()) == 1:
        return letter.upper()
    return letter.title() if len(letter.title()) == 1 else letter


def upper(text: str) -> str:
    return "".join(map(_upper, text))


def lower(text: str) -> str:
    return "".join("i" if letter == "\u0130" else letter.lower() for letter in text)


def split_limited(text: str, delimiter: str, limit: int) -> list[str]:
    if limit <= 0:
        fail(_INVALID, "Limit must be positive")
    if limit >= 2**31:
        fail(_INVALID, "Limit is too large")
    if not delimiter:
        fail(_INVALID, "The delimiter may not be the empty string")
    return text.split(delimiter, limit - 1)


def position(text: str, part: str, instance: int) -> int:
    """Place of the n-th occurrence, counted from the end when `instance` is negative; 0 for none."""
    if instance == 0:
        fail(_INVALID, "'instance' must be a positive or negative number.")
    if not part:
        return 1
    at = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        at = text.find(part, at + 1) if instance > 0 else text.rfind(part, 0, at - 1 + len(part))
        if at < 0:
            return 0
    return at + 1


def levenshtein(left: str, right: str) -> int:
    if len(left) < len(right):
        left, right = right, left
    if len(left) * (len(right) - 1) > 1_000_000:
        fail(_INVALID, "The combined inputs for Levenshtein distance are too large")
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
            before, row[j] = row[j], cost
    return row[-1]


def hamming(left: str, right: str) -> int:
    if len(left) != len(right):
        fail(
            _INVALID,
            "The input strings to hamming_distance function must have the same length",
        )
    return sum(a != b for a, b in zip(left, right, strict=True))


def normalized(text: str, form: str) -> str:
    if form not in ("NFC", "NFD", "NFKC", "NFKD"):
        fail(_INVALID, "Normalization form must be one of [NFD, NFC, NFKD, NFKC]")
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]  # checked above


def decoded(value: bytes, replacement: str) -> str:
    """UTF-8 with each invalid sequence, as Trino delimits it, replaced."""
    if len(replacement) > 1:
        fail(_INVALID, "Replacement character string must empty or a single character")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return _repaired(value, replacement)


def _repaired(value: bytes, replacement: str) -> str:
    made, at = [], 0
    while at < len(value):
        size = _sequence(value, at)
        try:
            made.append(value[at : at + size].decode("utf-8"))
        except UnicodeDecodeError:
            made.append(replacement)
        at += size
    return "".join(made)


def _sequence(value: bytes, at: int) -> int:
    """Bytes of the sequence that starts at `at`, up to where its continuation breaks off."""
    starts = ((0xC0, 1), (0xE0, 2), (0xF0, 3), (0xF8, 4), (0xFC, 5), (0xFE, 6), (0x100, 1))
    size = next(count for end, count in starts if value[at] < end)
    for done in range(1, size):
        if at + done >= len(value) or value[at + done] & 0xC0 != 0x80:
            return done
    return size


def decoded_with(value: bytes, code_point: int) -> str:
    if not 0 <= code_point <= 0x10FFFF or 0xD800 <= code_point <= 0xDFFF:
        fail(_INVALID, "Invalid replacement character")
    return decoded(value, chr(code_point))


_SOUNDEX = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230120022455012623010202", strict=True))


def soundex(text: str) -> str:
    """Apache's US English Soundex: H and W are passed over, other vowels part equal letters."""
    letters = [letter for letter in text.upper() if letter.isalpha()]
    if not letters:
        return ""
    made, last = letters[0], _soundex_digit(letters[0])
    for letter in letters[1:]:
        if len(made) == 4:
            break
        if letter in "HW":
            continue
        digit = _soundex_digit(letter)
        if digit not in ("0", last):
            made += digit
        last = digit
    return made.ljust(4, "0")


def _soundex_digit(letter: str) -> str:
    if letter not in _SOUNDEX:
        fail(_INVALID, f"The character is not mapped: {letter}")
    return _SOUNDEX[letter]


def luhn_check(digits: str) -> bool:
    if not re.fullmatch(r"[0-9]*", digits):
        fail(_INVALID, f"Not a valid number: {digits}")
    total = 0
    for at, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if at % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return bool(digits) and total % 10 == 0


def hexadecimal(text: str) -> str:
    """Its UTF-16 code units, four digits each."""
    return text.encode("utf-16-be").hex().upper()


FUNCTIONS = [
    PythonFunction("t_hexadecimal", hexadecimal, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_text_reversed", reversed_text, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_text_upper", upper, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_text_lower", lower, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_split_limited", split_limited, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]"),
    PythonFunction("t_position", position, ["VARCHAR", "VARCHAR", "BIGINT"], "BIGINT"),
    PythonFunction("t_levenshtein", levenshtein, ["VARCHAR", "VARCHAR"], "BIGINT"),
    PythonFunction("t_hamming", hamming, ["VARCHAR", "VARCHAR"], "BIGINT"),
    PythonFunction("t_normalized", normalized, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    PythonFunction("t_utf8_decoded", decoded, ["BLOB", "VARCHAR"], "VARCHAR"),
    PythonFunction("t_utf8_decoded_with", decoded_with, ["BLOB", "BIGINT"], "VARCHAR"),
    PythonFunction("t_soundex_of", soundex, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_luhn", luhn_check, ["VARCHAR"], "BOOLEAN"),
]


def _cased(name: str) -> Macro:
    return Macro(
        f"(s) AS CASE WHEN strlen(s) = length(s) THEN {name}(s) ELSE t_text_{name}(s) END",
        "varchar",
    )


# A row of Athena has 32 MB at most; a longer text would take minutes that nothing can interrupt.
# https://docs.aws.amazon.com/athena/latest/ug/other-notable-limitations.html
_LONGEST = 32 << 20


def _pad(name: str) -> Macro:
    checked = (
        "CASE WHEN n < 0 OR n > 2147483647 THEN t_fail('INVALID_FUNCTION_ARGUMENT', "
        "'Target length must be in the range [0..2147483647]') "
        f"WHEN n > {_LONGEST} THEN t_fail('EXCEEDED_LOCAL_MEMORY_LIMIT', "
        "'Query exhausted resources at this scale factor') "
        "WHEN p = '' THEN t_fail('INVALID_FUNCTION_ARGUMENT', 'Padding string must not be empty') "
        # DuckDB folds constants in branches that are never taken.
        f"ELSE {name}(s, CAST(CASE WHEN n > {_LONGEST} THEN 0 ELSE n END AS INTEGER), p) END"
    )
    return Macro(
        f"(s VARCHAR, n BIGINT, p VARCHAR) AS {checked}, "
        f"(s BLOB, n BIGINT, p BLOB) AS t_bytes_{name}(s, n, p)"
    )


MACROS = {
    "length": Macro("(s VARCHAR) AS length(s), (b BLOB) AS octet_length(b)", "bigint"),
    "reverse": Macro(
        "(s VARCHAR) AS CASE WHEN strlen(s) = length(s) THEN reverse(s) "
        "ELSE t_text_reversed(s) END, (b BLOB) AS t_bytes_reversed(b), (a) AS list_reverse(a)"
    ),
    "upper": _cased("upper"),
    "lower": _cased("lower"),
    "lpad": _pad("lpad"),
    "rpad": _pad("rpad"),
    "ltrim": Macro(f"(s) AS regexp_replace(s, '^{_BLANK}+', ''), (s, c) AS ltrim(s, c)", "varchar"),
    "rtrim": Macro(f"(s) AS regexp_replace(s, '{_BLANK}+$', ''), (s, c) AS rtrim(s, c)", "varchar"),
    "chr": Macro(
        "(n) AS CASE WHEN n IS NULL THEN NULL WHEN n BETWEEN 0 AND 1114111 "
        "AND NOT n BETWEEN 55296 AND 57343 THEN chr(CAST(n AS INTEGER)) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', 'Not a valid Unicode code point: ' || n) END",
        "varchar",
    ),
    "codepoint": Macro(
        "(s) AS CASE WHEN s IS NULL THEN NULL WHEN length(s) = 1 THEN unicode(s) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', "
        "'Input string must be a single character string') END",
        "integer",
    ),
    "split": Macro(
        "(s, d) AS CASE WHEN d IS NULL THEN NULL WHEN d = '' THEN t_fail('INVALID_FUNCTION_ARGUMENT', "
        "'The delimiter may not be the empty string') ELSE string_split(s, d) END, "
        "(s, d, n) AS t_split_limited(s, d, n)",
        "array(varchar)",
    ),
    "strpos": Macro(
        "(s, p) AS CAST(strpos(s, p) AS BIGINT), (s, p, n) AS t_position(s, p, n)", "bigint"
    ),
    "index": Macro("(s, p) AS CAST(strpos(s, p) AS BIGINT)", "bigint"),
    "char2hexint": Macro("(s VARCHAR) AS t_hexadecimal(s)", "varchar"),
    "replace": Macro(
        "(s, p) AS replace(s, p, ''), (s, p, r) AS CASE WHEN p = '' "
        "THEN r || array_to_string(list_transform(string_split(s, ''), "
        "lambda one: CASE WHEN one = '' THEN '' ELSE one || r END), '') "
        "ELSE replace(s, p, r) END",
        "varchar",
    ),
    "levenshtein_distance": Macro(
        "(a, b) AS CASE WHEN strlen(a) = length(a) AND strlen(b) = length(b) "
        "AND strlen(a) * strlen(b) < 1000000 THEN levenshtein(a, b) ELSE t_levenshtein(a, b) END",
        "bigint",
    ),
    "hamming_distance": Macro("(a, b) AS t_hamming(a, b)", "bigint"),
    "normalize": Macro("(s) AS nfc_normalize(s), (s, f) AS t_normalized(s, f)", "varchar"),
    "to_utf8": Macro("(s VARCHAR) AS encode(s)", "varbinary"),
    "from_utf8": Macro(
        "(b BLOB) AS t_utf8_decoded(b, '\ufffd'), (b BLOB, r VARCHAR) AS t_utf8_decoded(b, r), "
        "(b BLOB, r BIGINT) AS t_utf8_decoded_with(b, r)",
        "varchar",
    ),
    "soundex": Macro("(s) AS t_soundex_of(s)", "varchar"),
    "luhn_check": Macro("(s) AS t_luhn(s)", "boolean"),
    "substr": Macro(
        "(s VARCHAR, f BIGINT) AS CASE WHEN f > 0 THEN substr(s, f) "
        "WHEN f < 0 AND -f <= length(s) THEN substr(s, length(s) + f + 1) "
        "WHEN s IS NULL OR f IS NULL THEN NULL ELSE '' END, "
        "(s VARCHAR, f BIGINT, n BIGINT) AS CASE WHEN s IS NULL OR f IS NULL OR n IS NULL THEN NULL "
        "WHEN n <= 0 THEN '' WHEN f > 0 THEN substr(s, f, n) WHEN f < 0 AND -f <= length(s) "
        "THEN substr(s, length(s) + f + 1, n) ELSE '' END, "
        "(b BLOB, f BIGINT) AS t_bytes_part(b, f, octet_length(b)), "
        "(b BLOB, f BIGINT, n BIGINT) AS t_bytes_part(b, f, n)"
    ),
}
