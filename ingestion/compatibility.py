"""Decides whether a changed JSON Schema still fits its readers, because Glue registers breaking ones.

Pure functions over two schemas. Which versions are compared, and the modes NONE and DISABLED, belong
to the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ingestion.errors import ContractError
from ingestion.instances import (
    LIMITS,
    Case,
    cases_of,
    described,
    has_type,
    is_among,
    is_unlisted,
    may_have_type,
)
from ingestion.json_schema import (
    Schema,
    describe,
    field_path,
    json_text,
    list_values,
    split,
    undecidable,
    union_of,
)

Mode = Literal["BACKWARD", "FORWARD", "FULL"]
# Reasons told again where a definition is used again; recursive ones would tell them without end.
_REPEATED = 10
# Levels of fields and items; some twelve calls each, of the thousand that Python allows.
_DEEPEST = 40


def violations(old: dict[str, Any], new: dict[str, Any], mode: str) -> list[str]:
    """Say why `new` may not follow `old`; an empty list means it may.

    The relation is containment of instances, modulo unknown fields. BACKWARD: every instance of
    `old` is accepted by a reader of `new`. FORWARD: every instance of `new` is accepted by a reader
    of `old`. FULL: both. A writer keeps to its schema to the letter, so the fields it may send are
    those it declares wherever it says `additionalProperties: false`. A reader ignores fields it does
    not declare: its own `additionalProperties: false` refuses nothing.

    It compares one version with one other; it is not transitive. It is conservative: what cannot be
    proven is a violation. A `pattern`, `format` or `contentEncoding` of the reader must stand in the
    writer's schema letter for letter; one instance type must fit one member of a reader's union;
    a `oneOf` is followed where its members exclude each other by type, listed value or tag.

    Understood is what msgspec writes of JSON Schema draft 2020-12 (the same words mean the same in
    draft 7, which is taken too), with local references, recursive ones as well, and annotations
    (`title`, `default`, `discriminator`, `x-…`). Any other keyword is itself a violation, by its
    name; tuples (`prefixItems`) and constrained keys of mappings are among those.

    Each violation reads `<JSON path>: <reason> (<mode>)`; `[*]` is any item, `.*` any undeclared
    field. Raises ContractError for another mode.
    """
    if mode not in get_args(Mode):
        raise ContractError(f"compatibility mode {mode!r}: use one of {', '.join(get_args(Mode))}")
    undecided = [*undecidable(old, "old"), *undecidable(new, "new")]
    if undecided:
        return undecided
    found = []
    if mode != "FORWARD":
        found += _Reading("BACKWARD", "old", old, "new", new).of_everything()
    if mode != "BACKWARD":
        found += _Reading("FORWARD", "new", new, "old", old).of_everything()
    return list(dict.fromkeys(found))


@dataclass
class _Reading:
    """One direction: whether the reader takes everything that the writer may write."""

    mode: str
    writer: str
    written: dict[str, Any]
    reader: str
    wanted: dict[str, Any]
    _depth: int = 0
    _proven: dict[tuple[str, str], None] = field(default_factory=dict)
    _refuted: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def of_everything(self) -> list[str]:
        return self._read(self.written, self.wanted, "$")

    def _says(self, path: str, reason: str) -> list[str]:
        return [f"{path}: {reason} ({self.mode})"]

    def _read(self, written: Schema, wanted: Schema, path: str) -> list[str]:
        pair = (json_text(written), json_text(wanted))
        if pair in self._proven:
            return []
        if pair in self._refuted:
            return [f"{path}{rest}" for rest in self._refuted[pair][:_REPEATED]]
        # Assumed at once: met again, the pair lies deeper in the instance, so induction proves it.
        known = len(self._proven)
        self._proven[pair] = None
        self._depth += 1
        found = self._write_all(written, wanted, path)
        self._depth -= 1
        if found:
            self._refute(pair, known, [reason.removeprefix(path) for reason in found])
        return found

    def _write_all(self, written: Schema, wanted: Schema, path: str) -> list[str]:
        if self._depth > _DEEPEST:
            return self._says(path, f"not decided below {_DEEPEST} levels")
        parts = split(wanted, self.wanted)
        return [reason for part in parts for reason in self._write(written, part, path)]

    def _refute(self, pair: tuple[str, str], known: int, reasons: list[str]) -> None:
        """Forget what was proven since, for it may rest on the pair."""
        while len(self._proven) > known:
            self._proven.popitem()
        self._refuted[pair] = reasons

    def _write(self, written: Schema, wanted: dict[str, Any], path: str) -> list[str]:
        """Every part of `written` holds at once, so one that fits is enough."""
        first: list[str] = []
        for part in split(written, self.written) or [{}]:
            found = self._write_part(part, wanted, path)
            if not found:
                return []
            first = first or found
        return first

    def _write_part(self, part: dict[str, Any], wanted: dict[str, Any], path: str) -> list[str]:
        members = union_of(part)
        if members is not None:
            return [reason for each in members for reason in self._write(each, wanted, path)]
        found = [reason for case in cases_of(part) for reason in self._take(case, wanted, path)]
        if found and not {"enum", "type"} & part.keys():
            reason = f"the {self.writer} schema allows any type, the {self.reader} one"
            return self._says(path, f"{reason} takes only {describe(wanted)}")
        return found

    def _take(self, case: Case, wanted: dict[str, Any], path: str) -> list[str]:
        if "anyOf" in wanted:
            return self._take_any(case, wanted["anyOf"], path)
        if "oneOf" in wanted:
            return self._take_one(case, wanted["oneOf"], path)
        if "enum" in wanted:
            return self._take_listed(case, wanted["enum"], path)
        return self._take_typed(case, wanted, path)

    def _take_all(self, case: Case, wanted: Schema, path: str) -> list[str]:
        parts = split(wanted, self.wanted)
        return [reason for part in parts for reason in self._take(case, part, path)]

    def _take_any(self, case: Case, members: Sequence[Schema], path: str) -> list[str]:
        near = [member for member in members if not self._apart(case, member)]
        found: list[str] = []
        for member in near:
            found = self._take_all(case, member, path)
            if not found:
                return []
        if len(near) == 1:
            return found
        allows = f"the {self.writer} schema allows {case}, no member of the union"
        whole = f"in the {self.reader} one takes all of it ({describe({'anyOf': members})})"
        return self._says(path, f"{allows} {whole}")

    def _take_one(self, case: Case, members: Sequence[Schema], path: str) -> list[str]:
        found = self._take_any(case, members, path)
        if found or sum(not self._apart(case, member) for member in members) <= 1:
            return found
        reason = f"two members of oneOf in the {self.reader} schema may both take {case}"
        return self._says(path, f"{reason}: tell them apart by type, listed value or tag")

    def _take_listed(self, case: Case, listed: list[Any], path: str) -> list[str]:
        values = case.values()
        if values is None:
            allows = f"the {self.writer} schema allows any {case}"
            return self._says(path, f"{allows}, the {self.reader} one only {list_values(listed)}")
        missing = [value for value in values if not is_among(value, listed)]
        if not missing:
            return []
        allows = f"the {self.writer} schema allows {list_values(missing)}"
        return self._says(path, f"{allows}, the {self.reader} one only {list_values(listed)}")

    def _take_typed(self, case: Case, wanted: dict[str, Any], path: str) -> list[str]:
        if not has_type(case, wanted):
            allows = f"the {self.writer} schema allows {case}"
            return self._says(
                path, f"{allows}, the {self.reader} one takes only {describe(wanted)}"
            )
        found = [
            self._loses(case, wanted, keyword, path)
            for keyword, is_kept in LIMITS.get(case.kind, {}).items()
            if keyword in wanted and not is_kept(case, wanted)
        ]
        if case.kind == "array" and case.words.get("maxItems") != 0:
            items = case.words.get("items", True)
            found.append(self._read(items, wanted.get("items", True), f"{path}[*]"))
        if case.kind == "object":
            found.append(self._take_fields(case.words, wanted, path))
        return [reason for reasons in found for reason in reasons]

    def _loses(self, case: Case, wanted: dict[str, Any], keyword: str, path: str) -> list[str]:
        has = json_text(case.words[keyword]) if keyword in case.words else "none"
        writes = (
            f"the {self.writer} one allows {case}" if case.value else f"the {self.writer} one {has}"
        )
        limit = f"the {self.reader} schema has {keyword} {json_text(wanted[keyword])}"
        return self._says(path, f"{limit}, {writes}")

    def _take_fields(self, words: dict[str, Any], wanted: dict[str, Any], path: str) -> list[str]:
        surely = words.get("required", [])
        found = [
            f"{field_path(path, name)}: the {self.reader} schema requires it, "
            f"the {self.writer} one may leave it out ({self.mode})"
            for name in wanted.get("required", [])
            if name not in surely
        ]
        for name in {**words.get("properties", {}), **wanted.get("properties", {})}:
            found += self._take_field(name, words, wanted, path)
        rest = words.get("additionalProperties", True)
        return found + self._read(rest, _undeclared(wanted), f"{path}.*")

    def _take_field(
        self, name: str, words: dict[str, Any], wanted: dict[str, Any], path: str
    ) -> list[str]:
        written = words.get("properties", {}).get(name)
        if written is None:
            return self._take_undeclared(name, words, wanted, path)
        return self._read(written, _property(wanted, name), field_path(path, name))

    def _take_undeclared(
        self, name: str, words: dict[str, Any], wanted: dict[str, Any], path: str
    ) -> list[str]:
        rest = words.get("additionalProperties", True)
        found = self._read(rest, wanted["properties"][name], field_path(path, name))
        if not found or rest is not True:
            return found
        open_ended = f"the {self.writer} schema lets undeclared fields hold anything"
        takes = f"the {self.reader} one declares this field"
        cure = "additionalProperties: false would settle it"
        return self._says(field_path(path, name), f"{open_ended}, {takes}; {cure}")

    def _apart(self, case: Case, wanted: Schema) -> bool:
        """Whether no instance of the case can be valid under `wanted`; False where unsure."""
        return any(self._apart_part(case, part) for part in split(wanted, self.wanted))

    def _apart_part(self, case: Case, part: dict[str, Any]) -> bool:
        members = union_of(part)
        if members is not None:
            return all(self._apart(case, member) for member in members)
        if "enum" in part:
            return is_unlisted(case, part["enum"])
        return not may_have_type(case, part) or self._differs_in_tag(case, part)

    def _differs_in_tag(self, case: Case, part: dict[str, Any]) -> bool:
        shared = set(case.words.get("required", [])) & set(part.get("required", []))
        for name in shared if case.kind == "object" else ():
            tags = _enumerated(_property(case.words, name), self.written)
            tag_case = [described(tag) for tag in tags or ()]
            if tags and all(self._apart(each, _property(part, name)) for each in tag_case):
                return True
        return False


def _undeclared(words: dict[str, Any]) -> Schema:
    """What a reader asks of fields it does not declare: nothing where it says false."""
    rest: Schema = words.get("additionalProperties", True)
    return True if rest is False else rest


def _property(words: dict[str, Any], name: str) -> Schema:
    found: Schema = words.get("properties", {}).get(name, _undeclared(words))
    return found


def _enumerated(schema: Schema, root: dict[str, Any]) -> list[Any] | None:
    return next((part["enum"] for part in split(schema, root) if "enum" in part), None)
