"""Which changes of a schema its readers survive, by name and against a validator on random instances."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ingestion.compatibility import violations
from ingestion.errors import ContractError

Json = dict[str, Any]

STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
BOOLEAN, NULL = {"type": "boolean"}, {"type": "null"}


def record(required: str = "", /, **fields: Any) -> Json:
    """A closed object; `required` names fields, space between."""
    return {
        "type": "object",
        "properties": fields,
        "required": required.split(),
        "additionalProperties": False,
    }


def either(*members: Any) -> Json:
    return {"anyOf": [*members]}


def one_of(*members: Any) -> Json:
    return {"oneOf": [*members]}


def items(schema: Any, **limits: Any) -> Json:
    return {"type": "array", "items": schema, **limits}


def mapping(schema: Any) -> Json:
    return {"type": "object", "additionalProperties": schema}


def text(**limits: Any) -> Json:
    return {"type": "string", **limits}


def whole(**limits: Any) -> Json:
    return {"type": "integer", **limits}


def number(**limits: Any) -> Json:
    return {"type": "number", **limits}


def listed(*values: Any) -> Json:
    return {"enum": [*values]}


def tagged(tag: str, **fields: Any) -> Json:
    return record(" ".join(["kind", *fields]), kind=listed(tag), **fields)


def tree(value: Any) -> Json:
    node = record("value", value=value, children=items({"$ref": "#/$defs/Node"}))
    return {"$ref": "#/$defs/Node", "$defs": {"Node": node}}


class Leg(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    points: int
    before: Leg | None = None


class Fare(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    price: float


class Trip(msgspec.Struct, forbid_unknown_fields=True):
    parts: list[Leg | Fare]
    mood: Literal["good", "bad"]
    notes: dict[str, str]
    raw: bytes
    tags: set[str] = set()


CAT, DOG = tagged("cat", lives=INTEGER), tagged("dog", lives=STRING)
OPEN = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}

# The second schema takes everything that the first one writes, never the reverse.
WIDENED: dict[str, tuple[Any, Any]] = {
    "a required field becomes optional": (record("a", a=STRING), record("", a=STRING)),
    "a required field goes": (record("a b", a=STRING, b=STRING), record("a", a=STRING)),
    "an integer becomes a number": (INTEGER, NUMBER),
    "a string becomes anything": (STRING, {}),
    "a string becomes nullable": (STRING, either(STRING, NULL)),
    "a type list grows": (text(type=["string"]), {"type": ["string", "null"]}),
    "a union gains a member": (either(STRING, INTEGER), either(STRING, INTEGER, BOOLEAN)),
    "a tagged union gains a member": (either(CAT), either(CAT, DOG)),
    "an exclusive union gains a member": (one_of(CAT), one_of(CAT, DOG)),
    "an enum gains a value": (listed("a", "b"), listed("a", "b", "c")),
    "a constant becomes an enum": ({"const": "a"}, listed("a", "b")),
    "an enum becomes a string": (listed("a", "b"), STRING),
    "an enum of one becomes a boolean": (listed(True), BOOLEAN),
    "a minimum goes": (whole(minimum=0), INTEGER),
    "a minimum sinks": (number(minimum=1), number(minimum=0.5)),
    "a maximum rises": (whole(maximum=10), whole(maximum=11)),
    "an exclusive minimum becomes inclusive": (number(exclusiveMinimum=1), number(minimum=1)),
    "an exclusive maximum rises": (whole(exclusiveMaximum=5), whole(exclusiveMaximum=6)),
    "a step is halved": (whole(multipleOf=10), whole(multipleOf=5)),
    "a step goes": (number(multipleOf=0.5), NUMBER),
    "a shortest length sinks": (text(minLength=2), text(minLength=1)),
    "a longest length rises": (text(maxLength=2), text(maxLength=3)),
    "a pattern goes": (text(pattern="^a"), STRING),
    "a format goes": (text(format="date-time"), STRING),
    "an encoding goes": (text(contentEncoding="base64"), STRING),
    "an array may be empty": (items(STRING, minItems=1), items(STRING)),
    "an array may be longer": (items(STRING, maxItems=1), items(STRING, maxItems=2)),
    "a set becomes a list": (items(STRING, uniqueItems=True), items(STRING)),
    "a set of two becomes a list": (
        items(STRING, maxItems=2, uniqueItems=True),
        items(STRING, maxItems=2),
    ),
    "items become numbers": (items(INTEGER), items(NUMBER)),
    "values of a mapping become numbers": (mapping(INTEGER), mapping(NUMBER)),
    "a record becomes a mapping": (record("a", a=INTEGER), mapping(INTEGER)),
    "a recursive field is widened": (tree(INTEGER), tree(NUMBER)),
    "a constant becomes its steps": ({"const": 2.5}, number(multipleOf=0.5)),
    "a constant becomes a pattern it matches": ({"const": "ba"}, text(pattern="a$")),
    "an empty array gets items": (items(STRING, maxItems=0), items(INTEGER)),
    "a constant object becomes a record": ({"const": {"a": 1}}, record("a", a=INTEGER)),
    "a constant array becomes an array": ({"const": [1, 2]}, items(INTEGER)),
}

# Each of the two takes all the other writes.
EQUAL: dict[str, tuple[Any, Any]] = {
    "an optional field comes": (record("a", a=STRING), record("a", a=STRING, b=INTEGER)),
    "an optional record comes": (record(), record("", a=record("b", b=STRING))),
    "annotations change": (text(title="x", default="y"), text(description="z", examples=["w"])),
    "an extension comes": (STRING, {**STRING, "x-personal": True}),
    "a reference replaces what it names": (
        record("a", a=STRING),
        {"$ref": "#/$defs/A", "$defs": {"A": record("a", a={"$ref": "#/$defs/B"}), "B": STRING}},
    ),
    "a recursive definition is unrolled": (
        tree(INTEGER),
        {
            **record("value", value=INTEGER, children=items({"$ref": "#/$defs/Node"})),
            "$defs": tree(INTEGER)["$defs"],
        },
    ),
    "bounds of an integer are respelled": (
        whole(minimum=1, maximum=9),
        whole(exclusiveMinimum=0, exclusiveMaximum=10),
    ),
    "members of a union change places": (either(STRING, CAT, DOG), either(DOG, STRING, CAT)),
    "an exclusive union is respelled": (either(CAT, DOG, NULL), one_of(NULL, DOG, CAT)),
    "a constant becomes an enum of one": ({"const": 1}, listed(1)),
    "a type list becomes a union": ({"type": ["string", "null"]}, either(STRING, NULL)),
    "values of an enum change places": (listed("a", 1, None), listed(None, "a", 1)),
    "a boolean becomes both of its values": (BOOLEAN, listed(True, False)),
    "an enum gains the type of its values": (listed("a"), text(enum=["a"])),
    "a set of one at most becomes a list": (
        items(STRING, maxItems=1, uniqueItems=True),
        items(STRING, maxItems=1),
    ),
}

# Neither takes all the other writes, or it cannot be proven.
UNLIKE: dict[str, tuple[Any, Any]] = {
    "a string becomes an integer": (STRING, INTEGER),
    "a record becomes a string": (record("a", a=STRING), STRING),
    "a value is replaced": (listed("a", "b"), listed("a", "c")),
    "a number is replaced by a boolean": (listed(1), listed(True)),
    "a range moves": (whole(minimum=0, maximum=5), whole(minimum=1, maximum=6)),
    "a pattern changes": (text(pattern="^a$"), text(pattern="^(a)$")),
    "a format changes": (text(format="date"), text(format="date-time")),
    "a step changes": (whole(multipleOf=2), whole(multipleOf=3)),
    "a member of a union is replaced": (either(STRING, NULL), either(INTEGER, NULL)),
    "a tag is renamed": (either(CAT, DOG), either(CAT, tagged("wolf", lives=STRING))),
    "a required field is replaced": (record("a", a=STRING), record("b", b=STRING)),
    "two tags swap their records": (
        either(CAT, DOG),
        either(tagged("cat", lives=STRING), tagged("dog", lives=INTEGER)),
    ),
}

PLACES: dict[str, Callable[[Any], Json]] = {
    "required field": lambda schema: record("at", at=schema),
    "optional field": lambda schema: record("", at=schema),
    "item": lambda schema: record("at", at=items(schema)),
    "value of a mapping": lambda schema: record("at", at=mapping(schema)),
    "definition": lambda schema: {
        **record("at", at={"$ref": "#/$defs/X~1y"}),
        "$defs": {"X/y": schema},
    },
    "nested definition": lambda schema: {
        "$ref": "#/$defs/A",
        "$defs": {"A": record("b", b=either({"$ref": "#/$defs/B"})), "B": record("at", at=schema)},
    },
}


def named(cases: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


@named(WIDENED)
def test_a_wider_reader_takes_what_a_narrower_writer_writes(case: tuple[Any, Any]) -> None:
    narrow, wide = case
    assert violations(narrow, wide, "BACKWARD") == []
    assert violations(wide, narrow, "FORWARD") == []


@named(WIDENED)
def test_a_narrower_reader_is_refused(case: tuple[Any, Any]) -> None:
    narrow, wide = case
    assert violations(wide, narrow, "BACKWARD")
    assert violations(narrow, wide, "FORWARD")
    assert violations(wide, narrow, "FULL")
    assert violations(narrow, wide, "FULL")


@named(EQUAL)
def test_what_breaks_no_reader_is_allowed_in_full(case: tuple[Any, Any]) -> None:
    one, other = case
    assert violations(one, other, "FULL") == []
    assert violations(other, one, "FULL") == []


@named(UNLIKE)
def test_what_breaks_every_reader_is_refused_both_ways(case: tuple[Any, Any]) -> None:
    assert violations(*case, "BACKWARD")
    assert violations(*case, "FORWARD")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@named({name: pair for name, pair in WIDENED.items() if "$ref" not in pair[0]})
def test_depth_changes_no_verdict(case: tuple[Any, Any], place: Callable[[Any], Json]) -> None:
    narrow, wide = map(place, case)
    assert violations(narrow, wide, "BACKWARD") == []
    assert violations(narrow, wide, "FORWARD")


@pytest.mark.parametrize(
    ("old", "new", "mode", "expected"),
    [
        (
            record("a", a=STRING),
            record("a b", a=STRING, b=STRING),
            "BACKWARD",
            "$.b: the new schema requires it, the old one may leave it out (BACKWARD)",
        ),
        (
            record("a b", a=STRING, b=STRING),
            record("a", a=STRING),
            "FORWARD",
            "$.b: the old schema requires it, the new one may leave it out (FORWARD)",
        ),
        (
            record("a", a=items(record("b", b=STRING))),
            record("a", a=items(record("b", b=INTEGER))),
            "BACKWARD",
            "$.a[*].b: the old schema allows string, the new one takes only integer (BACKWARD)",
        ),
        (
            mapping(listed("red", "blue")),
            mapping(listed("blue")),
            "BACKWARD",
            '$.*: the old schema allows "red", the new one only "blue" (BACKWARD)',
        ),
        (
            record("", **{"two words": whole(maximum=9)}),
            record("", **{"two words": whole(maximum=8)}),
            "FULL",
            '$["two words"]: the new schema has maximum 8, the old one 9 (BACKWARD)',
        ),
        (
            record("", a=either(CAT, NULL)),
            record("", a=either(tagged("cat", lives=STRING), NULL)),
            "BACKWARD",
            "$.a.lives: the old schema allows integer, the new one takes only string (BACKWARD)",
        ),
        (
            record("", a=either(STRING, NULL)),
            record("", a=STRING),
            "BACKWARD",
            "$.a: the old schema allows null, the new one takes only string (BACKWARD)",
        ),
    ],
)
def test_a_violation_names_place_reason_and_mode(
    old: Json, new: Json, mode: str, expected: str
) -> None:
    assert violations(old, new, mode) == [expected]


def test_an_open_writer_may_already_use_a_field_that_a_reader_declares() -> None:
    wider = {**OPEN, "properties": {"a": STRING, "b": STRING}}
    (found,) = violations(OPEN, wider, "BACKWARD")
    assert found.startswith("$.b: the old schema lets undeclared fields hold anything")
    assert violations(OPEN, wider, "FORWARD") == []


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (record("", a=STRING), one_of(record("", a=STRING), record("", b=STRING))),
        (NUMBER, one_of(NUMBER, INTEGER)),
        (CAT, one_of(CAT, record("kind lives", lives=INTEGER))),
        (record("kind", kind=listed("cat", "dog")), one_of(record("kind"), DOG)),
        (listed("a"), one_of(listed("a"), STRING)),
    ],
    ids=["no tag", "whole numbers", "a tag on one side", "a tag in both", "a listed value"],
)
def test_members_of_an_exclusive_union_that_may_overlap_are_refused(
    written: Json, wanted: Json
) -> None:
    (found,) = violations(written, wanted, "BACKWARD")
    assert "two members of oneOf in the new schema may both take" in found


def test_siblings_of_a_reference_hold_as_well() -> None:
    short = {"$ref": "#/$defs/A", **text(maxLength=3), "$defs": {"A": text(minLength=1)}}
    assert violations(short, text(minLength=1), "BACKWARD") == []
    assert violations(short, text(maxLength=3), "BACKWARD") == []
    assert violations(text(minLength=1), short, "BACKWARD")
    assert violations(text(maxLength=3), short, "BACKWARD")


@pytest.mark.parametrize("mode", ["BACKWARD", "FORWARD", "FULL"])
def test_a_schema_that_cannot_be_decided_is_a_violation_even_if_unchanged(mode: str) -> None:
    schema = record("", a={"not": STRING})
    assert violations(schema, schema, mode) == [
        "$.a: keyword 'not' is not understood; express the shape without it "
        f"({side} schema, not decidable)"
        for side in ("old", "new")
    ]


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ContractError, match="SIDEWAYS"):
        violations({}, {}, "SIDEWAYS")


def woven(size: int, leaf: Json) -> Json:
    """Definitions that all hold unions of all the others."""
    names = [f"D{number}" for number in range(size)]
    union = either(NULL, *({"$ref": f"#/$defs/{name}"} for name in names))
    defs = {name: tagged(name, a=union, b=union, leaf=leaf) for name in names}
    return {"$ref": "#/$defs/D0", "$defs": defs}


def test_woven_recursion_is_decided_without_repeating_work() -> None:
    assert violations(woven(12, INTEGER), woven(12, NUMBER), "BACKWARD") == []
    found = violations(woven(12, INTEGER), woven(12, STRING), "BACKWARD")
    assert (
        "$.leaf: the old schema allows integer, the new one takes only string (BACKWARD)" in found
    )
    assert len(found) < 100


def test_a_definition_used_twice_is_told_of_twice() -> None:
    old, new = (
        {**record("", a={"$ref": "#/$defs/A"}, b={"$ref": "#/$defs/A"}), "$defs": {"A": leaf}}
        for leaf in (record("x", x=INTEGER), record("x", x=STRING))
    )
    places = [found.partition(":")[0] for found in violations(old, new, "BACKWARD")]
    assert places == ["$.a.x", "$.b.x"]


def test_a_proof_that_rests_on_a_refuted_pair_is_forgotten() -> None:
    node = {"$ref": "#/$defs/Node"}
    old, new = (
        {
            **record("", a=node, b=items(node)),
            "$defs": {"Node": record("", next=items(node), x=value)},
        }
        for value in (INTEGER, STRING)
    )
    places = [found.partition(":")[0] for found in violations(old, new, "BACKWARD")]
    assert places == ["$.a.x", "$.b[*].x"]


def test_what_lies_too_deep_is_refused() -> None:
    schema: Json = STRING
    for _ in range(60):
        schema = items(schema)
    (found,) = violations(schema, schema, "BACKWARD")
    assert "not decided below 40 levels" in found


def test_what_msgspec_generates_is_understood() -> None:
    schema = msgspec.json.schema(Trip)
    assert violations(schema, schema, "FULL") == []
    narrower = copy.deepcopy(schema)
    narrower["$defs"]["Leg"]["properties"]["points"]["minimum"] = 0
    found = violations(schema, narrower, "BACKWARD")
    reason = "the new schema has minimum 0, the old one none (BACKWARD)"
    places = ("$.parts[*].points", "$.parts[*].before.points")
    assert sorted(found) == sorted(f"{place}: {reason}" for place in places)


# Random schemas: `Base` may be met anywhere and holds itself, so that recursion takes part.

FIELDS = ("a", "b", "c")
SCALARS = (None, True, False, 0, 1, 2.5, "", "a", "bb")
PATTERNS = ("^a", "b+", "^[a-c]{2}$")


def limits(**ranges: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=ranges)


small = st.integers(-3, 3)
leaves = st.one_of(
    st.sampled_from([BOOLEAN, NULL, {"$ref": "#/$defs/Base"}, {}]),
    limits(
        minimum=small, maximum=small, exclusiveMinimum=small, multipleOf=st.sampled_from([1, 2, 4])
    ).map(lambda words: {"type": "integer", **words}),
    limits(minimum=small, exclusiveMaximum=small).map(lambda words: {"type": "number", **words}),
    limits(
        minLength=st.integers(0, 2),
        maxLength=st.integers(1, 4),
        pattern=st.sampled_from(PATTERNS),
        format=st.sampled_from(["date", "uuid"]),
    ).map(lambda words: {"type": "string", **words}),
    st.lists(st.sampled_from(SCALARS), min_size=1, max_size=4).map(lambda values: listed(*values)),
    st.sampled_from(SCALARS).map(lambda value: {"const": value}),
).map(copy.deepcopy)  # a mutation must not reach the constants above


@st.composite
def records(draw: st.DrawFn, inner: st.SearchStrategy[Json]) -> Json:
    fields = draw(st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3))
    required = [name for name in fields if draw(st.booleans())]
    rest = draw(st.one_of(st.just(False), st.just(False), st.just(True), inner))
    return {
        "type": "object",
        "properties": fields,
        "required": required,
        "additionalProperties": rest,
    }


def _branches(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    counts = limits(minItems=st.integers(0, 1), maxItems=st.integers(1, 2))
    return st.one_of(
        records(inner),
        st.builds(lambda schema, words: items(schema, **words), inner, counts),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: either(*members)),
        st.lists(inner, min_size=1, max_size=2).map(lambda members: one_of(*members)),
    )


nodes = st.recursive(leaves, _branches, max_leaves=6)
roots = st.builds(
    lambda root, base: {**root, "$defs": {"Base": base}},
    nodes,
    records(nodes),
)


def places_of(schema: Any) -> list[Json]:
    """Every schema inside a schema, itself first."""
    found = [schema] if isinstance(schema, dict) else []
    for node in found[:]:
        inner = [*node.get("properties", {}).values(), *node.get("$defs", {}).values()]
        inner += [node.get("items"), node.get("additionalProperties")]
        inner += [*node.get("anyOf", []), *node.get("oneOf", [])]
        found += [each for one in inner for each in places_of(one)]
    return found


@st.composite
def mutants(draw: st.DrawFn, root: Json) -> Json:
    """The schema with one to three small changes, each somewhere in it."""
    changed = copy.deepcopy(root)
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, draw(st.sampled_from(places_of(changed))))
    return changed


def _mutate(draw: st.DrawFn, node: Json) -> None:
    kinds = ["replace", "limit", "nullable", "drop"]
    kinds += ["field", "required", "rest"] * ("properties" in node)
    kinds += ["values"] * ("enum" in node) + ["members"] * ("anyOf" in node)
    kind = draw(st.sampled_from(kinds))
    defs = {"$defs": node["$defs"]} if "$defs" in node else {}
    if kind == "replace":
        node.clear()
        node.update(draw(leaves), **defs)
    elif kind == "limit":
        word = draw(st.sampled_from(["minimum", "maximum", "minLength", "maxLength", "maxItems"]))
        node[word] = draw(st.integers(0, 3))
    elif kind == "nullable":
        old = {word: value for word, value in node.items() if word != "$defs"}
        node.clear()
        node.update(either(old, {**NULL}), **defs)
    elif kind == "drop" and len(node) > len(defs):
        del node[draw(st.sampled_from(sorted(node.keys() - defs.keys())))]
    elif kind == "field":
        node["properties"][draw(st.sampled_from(FIELDS))] = draw(leaves)
    elif kind == "required":
        node["required"] = draw(st.lists(st.sampled_from(FIELDS), unique=True))
    elif kind == "rest":
        node["additionalProperties"] = draw(st.one_of(st.booleans(), leaves))
    elif kind == "values":
        node["enum"] = draw(st.lists(st.sampled_from(SCALARS), max_size=4))
    elif kind == "members":
        node["anyOf"] = [*node["anyOf"], draw(leaves)]


anything = st.recursive(
    st.sampled_from([*SCALARS, -1, 3, 2.0, "abc", "2024-02-29"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=2)
    ),
    max_leaves=3,
)


@st.composite
def instances(draw: st.DrawFn, schema: Any, root: Json, depth: int = 0) -> Any:
    """A value shaped after the schema; a validator says afterwards whether it is valid."""
    if not isinstance(schema, dict) or not schema or depth > 6:
        return draw(anything)
    inner = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    if "$ref" in schema:
        inner.append(root["$defs"]["Base"])
    if inner:
        return draw(instances(draw(st.sampled_from(inner)), root, depth + 1))
    if schema.get("enum") or "const" in schema:
        return draw(st.sampled_from(schema.get("enum") or [schema.get("const")]))
    return draw(_typed(schema, root, depth + 1))


def _typed(schema: Json, root: Json, depth: int) -> st.SearchStrategy[Any]:
    kind = schema.get("type")
    if kind == "integer":
        return st.integers(-5, 5) | st.sampled_from([2.0, 40])
    if kind == "number":
        return st.sampled_from([n / 2 for n in range(-8, 9)]) | st.integers(-4, 4)
    if kind == "string":
        patterns = [st.from_regex(schema["pattern"])] if "pattern" in schema else []
        known = st.sampled_from(["2024-02-29", "00000000-0000-4000-8000-000000000000"])
        return st.one_of(st.text("abc", max_size=4), known, *patterns)
    if kind == "array":
        return st.lists(instances(schema.get("items"), root, depth), max_size=3)
    if kind == "object":
        return _objects(schema, root, depth)
    return {"null": st.none(), "boolean": st.booleans()}.get(str(kind), anything)


def _objects(schema: Json, root: Json, depth: int) -> st.SearchStrategy[Any]:
    rest = schema.get("additionalProperties", True)
    fields = (
        {
            name: instances(schema["properties"].get(name, rest), root, depth)
            for name in FIELDS
            if name in schema["properties"] or rest is not False
        }
        if "properties" in schema
        else {}
    )
    required = {name: fields.pop(name) for name in schema.get("required", []) if name in fields}
    return st.fixed_dictionaries(required, optional=fields if depth < 4 else {})


def tolerant(schema: Any) -> Any:
    """The schema as a reader applies it: unknown fields are ignored."""
    relaxed = copy.deepcopy(schema)
    for node in places_of(relaxed):
        if node.get("additionalProperties") is False:
            del node["additionalProperties"]
    return relaxed


def is_valid(instance: Any, schema: Any) -> bool:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return bool(jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(instance))


def assert_reader_takes_what_is_written(data: st.DataObject, written: Json, wanted: Json) -> None:
    reader = tolerant(wanted)
    for _ in range(4):
        instance = data.draw(instances(written, written))
        if is_valid(instance, written):
            event("an instance was read")
            assert is_valid(instance, reader), instance


unhurried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


@unhurried
@given(st.data())
def test_no_reader_called_compatible_refuses_what_a_writer_writes(data: st.DataObject) -> None:
    old = data.draw(roots)
    new = data.draw(mutants(old))
    mode = data.draw(st.sampled_from(["BACKWARD", "FORWARD", "FULL"]))
    assume(not violations(old, new, mode))
    event(f"compatible {mode}")
    if mode != "FORWARD":
        assert_reader_takes_what_is_written(data, old, new)
    if mode != "BACKWARD":
        assert_reader_takes_what_is_written(data, new, old)


@unhurried
@given(roots.filter(lambda root: all("oneOf" not in node for node in places_of(root))))
def test_a_schema_is_compatible_with_itself(root: Json) -> None:
    assert violations(root, root, "FULL") == []


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([pair for pair in WIDENED.values() if "$ref" not in pair[0]]),
    st.lists(st.sampled_from([place for name, place in PLACES.items() if "def" not in name])),
    st.sampled_from([*PLACES.values()]),
)
def test_an_elementary_break_is_found_however_deep_it_lies(
    case: tuple[Any, Any],
    path: list[Callable[[Any], Json]],
    outermost: Callable[[Any], Json],
) -> None:
    narrow, wide = case
    for place in [*path, outermost]:
        narrow, wide = place(narrow), place(wide)
    assert violations(wide, narrow, "BACKWARD")
    assert violations(narrow, wide, "FORWARD")
    assert violations(narrow, wide, "BACKWARD") == []
