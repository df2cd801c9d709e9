"""What kind of statement is this? Decided on tokens, never by searching the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local.athena.errors import NotSupported, QueryFailed


def _lexemes(string: str) -> re.Pattern[str]:
    return re.compile(
        rf"\s+|--[^\n]*|/\*.*?\*/|(?P<string>{string})|(?P<quoted>`[^`]*`|\"(?:[^\"]|\"\")*\")"
        r"|(?P<word>[A-Za-z_$@][\w$@]*)|(?P<number>\d[\w.]*)|(?P<symbol>.)",
        re.S,
    )


_TRINO = _lexemes(r"'(?:[^']|'')*'")
_HIVE = _lexemes(r"'(?:[^'\\]|''|\\.)*'")  # a backslash escapes


@dataclass(frozen=True)
class Lexeme:
    """`kind` is string, quoted, word, number or symbol; `start` and `end` index the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind in ("word", "symbol") else ""

    @property
    def value(self) -> str:
        """The text without its quotes."""
        if self.kind == "string":
            return re.sub(r"\\(.)|''", _unescaped, self.text[1:-1])
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"')
        return self.text


def _unescaped(found: re.Match[str]) -> str:
    letter = found.group(1)
    return _ESCAPES.get(letter, letter) if letter else "'"


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "Z": "\x1a"}


def lex(sql: str, *, hive: bool = False) -> list[Lexeme]:
    """Words, names, strings and symbols without blanks and comments; a final `;` is dropped."""
    found = [
        Lexeme(m.lastgroup, m.group(), m.start(), m.end())
        for m in (_HIVE if hive else _TRINO).finditer(sql)
        if m.lastgroup
    ]
    while found and found[-1].text == ";":
        found.pop()
    return found


def position(before: str) -> str:
    """`line L:C` of what follows a text, both from 1."""
    return f"line {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@dataclass(frozen=True)
class Statement:
    """`type` and `sub` are Athena's StatementType and SubstatementType, `kind` the engine's name.

    `tree` is that of a query whose syntax was checked; planning uses it up.
    """

    kind: str
    type: str
    sub: str
    text: str
    lexemes: tuple[Lexeme, ...]
    tree: Any = None

    @classmethod
    def part(cls, text: str) -> Statement:
        """A piece of a statement, to be read by itself."""
        return cls("part", "", "", text, tuple(lex(text)))


# leading words -> (kind, StatementType, SubstatementType); the longest match wins
_KINDS: dict[tuple[str, ...], tuple[str, str, str]] = {
    ("SELECT",): ("query", "DML", "SELECT"),
    ("WITH",): ("query", "DML", "SELECT"),
    ("VALUES",): ("query", "DML", "SELECT"),
    ("TABLE",): ("query", "DML", "SELECT"),
    ("(",): ("query", "DML", "SELECT"),
    ("INSERT", "INTO"): ("insert", "DML", "INSERT"),
    ("UNLOAD",): ("unload", "DML", "UNLOAD"),
    ("EXPLAIN",): ("explain", "UTILITY", "EXPLAIN"),
    ("EXECUTE",): ("execute", "DML", "EXECUTE"),
    ("PREPARE",): ("prepare", "DDL", "PREPARE"),
    ("DEALLOCATE",): ("deallocate", "DDL", "DEALLOCATE"),
    ("MERGE",): ("change", "DML", "MERGE"),
    ("UPDATE",): ("change", "DML", "UPDATE"),
    ("DELETE",): ("change", "DML", "DELETE"),
    ("OPTIMIZE",): ("maintain", "DDL", "OPTIMIZE"),
    ("VACUUM",): ("maintain", "DDL", "VACUUM"),
    ("CREATE", "TABLE"): ("create_table", "DDL", "CREATE_TABLE_AS_SELECT"),
    ("CREATE", "EXTERNAL", "TABLE"): ("create_external", "DDL", "CREATE_TABLE"),
    ("CREATE", "DATABASE"): ("create_database", "DDL", "CREATE_DATABASE"),
    ("CREATE", "SCHEMA"): ("create_database", "DDL", "CREATE_DATABASE"),
    ("CREATE", "VIEW"): ("create_view", "DDL", "CREATE_VIEW"),
    ("CREATE", "OR", "REPLACE", "VIEW"): ("create_view", "DDL", "CREATE_VIEW"),
    ("DROP", "TABLE"): ("drop_table", "DDL", "DROP_TABLE"),
    ("DROP", "VIEW"): ("drop_view", "DDL", "DROP_VIEW"),
    ("DROP", "DATABASE"): ("drop_database", "DDL", "DROP_DATABASE"),
    ("DROP", "SCHEMA"): ("drop_database", "DDL", "DROP_DATABASE"),
    ("ALTER", "TABLE"): ("alter_table", "DDL", "ALTER_TABLE"),
    ("ALTER", "DATABASE"): ("alter_database", "DDL", "ALTER_DATABASE"),
    ("ALTER", "SCHEMA"): ("alter_database", "DDL", "ALTER_DATABASE"),
    ("MSCK", "REPAIR", "TABLE"): ("msck", "DDL", "MSCK_REPAIR"),
    ("SHOW", "DATABASES"): ("show_databases", "UTILITY", "SHOW_DATABASES"),
    ("SHOW", "SCHEMAS"): ("show_databases", "UTILITY", "SHOW_DATABASES"),
    ("SHOW", "TABLES"): ("show_tables", "UTILITY", "SHOW_TABLES"),
    ("SHOW", "VIEWS"): ("show_views", "UTILITY", "SHOW_VIEWS"),
    ("SHOW", "FUNCTIONS"): ("show_functions", "UTILITY", "SHOW_FUNCTIONS"),
    ("SHOW", "PARTITIONS"): ("show_partitions", "UTILITY", "SHOW_PARTITIONS"),
    ("SHOW", "COLUMNS"): ("show_columns", "UTILITY", "SHOW_COLUMNS"),
    ("SHOW", "TBLPROPERTIES"): ("show_properties", "UTILITY", "SHOW_TABLE_PROPERTIES"),
    ("SHOW", "CREATE", "TABLE"): ("show_create_table", "UTILITY", "SHOW_CREATE_TABLE"),
    ("SHOW", "CREATE", "VIEW"): ("show_create_view", "UTILITY", "SHOW_CREATE_VIEW"),
    ("DESCRIBE",): ("describe", "UTILITY", "DESCRIBE_TABLE"),
    ("DESC",): ("describe", "UTILITY", "DESCRIBE_TABLE"),
}


_HIVE_NAMES = """
create_external create_database drop_database alter_table alter_database msck show_databases
show_tables show_views show_partitions show_columns show_properties show_create_table describe
"""
_HIVE_KINDS = frozenset(_HIVE_NAMES.split())


def classify(sql: str) -> Statement:
    """Raises QueryFailed(SYNTAX_ERROR) for a statement that Athena does not know."""
    lexemes = lex(sql)
    text = sql[: lexemes[-1].end] if lexemes else ""
    words = tuple(x.upper for x in lexemes[:4])
    for length in range(4, 0, -1):
        found = _KINDS.get(words[:length])
        if found:
            kind, kind_type, sub = found
            if kind == "create_table" and not _is_ctas(lexemes):
                kind, sub = "create_external", "CREATE_TABLE"
            if kind in _HIVE_KINDS:
                lexemes = lex(sql, hive=True)
                text = sql[: lexemes[-1].end]
            return Statement(kind, kind_type, sub, text, tuple(lexemes))
    if not lexemes and ";" in sql:
        raise QueryFailed("SYNTAX_ERROR", f"Empty sql statement: {sql.rstrip()}")
    first, before = (lexemes[0].text, sql[: lexemes[0].start]) if lexemes else ("<EOF>", sql)
    raise QueryFailed("SYNTAX_ERROR", f"{position(before)}: mismatched input '{first}'.")


def _is_ctas(lexemes: list[Lexeme]) -> bool:
    depth = 0
    for at, lexeme in enumerate(lexemes):
        depth += {"(": 1, ")": -1}.get(lexeme.text, 0) if lexeme.kind == "symbol" else 0
        if depth == 0 and lexeme.kind == "string":
            return False  # Hive's COMMENT or LOCATION, where a backslash escapes
        if depth == 0 and lexeme.upper == "AS" and at > 2:
            return True
    return False


class Reader:
    """A cursor over lexemes for the hand-written grammars."""

    def __init__(self, statement: Statement, skip: int = 0) -> None:
        self.statement = statement
        self.lexemes = statement.lexemes
        self.at = skip

    def peek(self, ahead: int = 0) -> str:
        """Upper-case word or symbol at the cursor, "" at the end or before a name or string."""
        at = self.at + ahead
        return self.lexemes[at].upper if at < len(self.lexemes) else ""

    @property
    def done(self) -> bool:
        return self.at >= len(self.lexemes)

    def take(self) -> Lexeme:
        if self.done:
            raise self.mismatch()
        self.at += 1
        return self.lexemes[self.at - 1]

    def take_if(self, *words: str) -> bool:
        """Step over the words if they all come next."""
        if all(self.peek(i) == w for i, w in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        if not self.take_if(*words):
            raise self.mismatch(f"Expecting: '{' '.join(words)}'")

    def mismatch(self, expecting: str = "") -> QueryFailed:
        text = self.statement.text
        found, start = (
            ("<EOF>", len(text))
            if self.done
            else (self.lexemes[self.at].text, self.lexemes[self.at].start)
        )
        return QueryFailed(
            "SYNTAX_ERROR",
            f"{position(text[:start])}: mismatched input '{found}'. {expecting}".strip(),
        )

    def name(self) -> str:
        lexeme = self.take()
        if lexeme.kind not in ("word", "quoted", "number"):
            self.at -= 1
            raise self.mismatch("Expecting: <identifier>")
        return lexeme.value.lower()

    def qualified(self, database: str) -> tuple[str, str]:
        """Database and table of `[catalog.][database.]table`."""
        parts = [self.name()]
        while self.take_if("."):
            parts.append(self.name())
        if len(parts) == 1 and "." in parts[0]:
            parts = parts[0].split(".")
        return (parts[-2] if len(parts) > 1 else database), parts[-1]

    def string(self) -> str:
        lexeme = self.take()
        if lexeme.kind not in ("string", "quoted"):
            self.at -= 1
            raise self.mismatch("Expecting: <string>")
        return lexeme.value

    def end(self) -> None:
        """Raises QueryFailed when something follows: a word too much may mean what is not done."""
        if not self.done:
            raise self.mismatch("Expecting: <EOF>")

    def rest(self) -> str:
        """The text from the cursor to the end."""
        return self.statement.text[self.lexemes[self.at].start :] if not self.done else ""

    def query(self) -> str:
        """The rest where it stands: what comes before is blank, so its lines and columns hold."""
        return self._placed(self.rest())

    def _placed(self, text: str) -> str:
        start = self.lexemes[self.at].start if not self.done else 0
        return re.sub(r"[^\n]", " ", self.statement.text[:start]) + text

    def inside(self) -> str:
        """The query inside the parentheses that come next, where it stands."""
        self.expect("(")
        placed = self._placed("")
        self.at -= 1
        return placed + self.balanced()

    def balanced(self) -> str:
        """The text inside the parentheses that come next."""
        self.expect("(")
        start, depth = self.at, 1
        while depth:
            lexeme = self.take()
            if lexeme.kind == "symbol":
                depth += {"(": 1, ")": -1}.get(lexeme.text, 0)
        if self.at - 1 == start:
            return ""
        return self.statement.text[self.lexemes[start].start : self.lexemes[self.at - 2].end]


def arguments(text: str) -> list[str]:
    """The parts of a text between the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for lexeme in lex(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(lexeme.text, 0)
        if lexeme.text == "," and depth == 0:
            parts.append(text[start : lexeme.start].strip())
            start = lexeme.end
    return [*parts, text[start:].strip()]


def explained(statement: Statement) -> tuple[str, bool]:
    """The query of an EXPLAIN, and whether TYPE VALIDATE is asked; raises for what cannot be honest.

    Fragments, costs and Trino's JSON would have to be made up.
    """
    reader = Reader(statement, 1)
    if reader.take_if("ANALYZE"):
        raise NotSupported("EXPLAIN ANALYZE")
    options = {"TYPE": "LOGICAL", "FORMAT": "TEXT"}
    if reader.peek() == "(" and reader.peek(1) in options:
        reader.expect("(")
        while not reader.take_if(")"):
            name, value = reader.take().upper, reader.take().upper
            if value not in _EXPLAIN.get(name, ()):
                raise reader.mismatch(f"Expecting: {', '.join(_EXPLAIN.get(name, _EXPLAIN))}")
            options[name] = value
            reader.take_if(",")
    if options["TYPE"] not in ("LOGICAL", "VALIDATE") or options["FORMAT"] != "TEXT":
        raise NotSupported(f"EXPLAIN (TYPE {options['TYPE']}, FORMAT {options['FORMAT']})")
    text = reader.query()
    if (kind := classify(text)).kind != "query":
        raise NotSupported(f"EXPLAIN of {kind.sub}")
    return text, options["TYPE"] == "VALIDATE"


_EXPLAIN = {
    "TYPE": ("LOGICAL", "DISTRIBUTED", "VALIDATE", "IO"),
    "FORMAT": ("TEXT", "GRAPHVIZ", "JSON"),
}
