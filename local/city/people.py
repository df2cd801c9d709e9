"""Who lives in a city: made-up people, shops and families, and the charities the catalogue offers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion import envelope
from ingestion.fields import UserKind
from local.city.errors import TooFewCharities
from local.city.knobs import Knobs
from services.catalog_store import Entry
from services.ledger import account_of
from services.onboarding.credentials import STATES

STATE = "DC"
ZIP_CODES = tuple(f"200{number:02d}" for number in (1, 2, 3, 5, 7, 9, 10, 11, 16, 17, 18, 24))
HOME = (38.9, -77.03)
# Officers are found on beats north of all homes, each further apart than two circles reach, in
# a column of the city's own: what one city leaves visible must not be entered by another.
BEATS = (38.95, -77.03)
BEAT_STEP = 0.004
BEATS_WIDTH = 5.0
# Share of civilians who are there on the first day; the others join within the next three weeks.
SETTLERS = 0.6
LAST_JOINING_DAY = 20

FIRST = ("Ada", "Ben", "Cleo", "Dev", "Elif", "Finn", "Gita", "Hugo", "Ines", "Jun", "Kofi", "Lena")
LAST = ("Ashdown", "Brook", "Castle", "Dale", "Elmore", "Fairley", "Grove", "Hart", "Ivers", "Kemp")
SHOPS = ("Corner Bakery", "Book Nook", "Bicycle Works", "Tea House", "Green Grocer", "Toy Attic")
GOODS = (
    ("Coffee", "food", 5, "2.50"),
    ("Bread", "food", 6, "3.20"),
    ("Notebook", "stationery", 8, "4.75"),
    ("Soup", "food", 9, "5.10"),
    ("Mug", "household", 12, "8.00"),
    ("Bus ticket", "travel", 4, "2.00"),
    ("Puzzle", "toys", 18, "11.90"),
    ("Lamp", "household", 30, "24.00"),
)

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Person:
    """A user before and after joining; `place` is a home, or an officer's beat.

    `id` is known beforehand: it follows from `key`, that of the request that onboards.
    """

    id: str
    account: str
    kind: UserKind
    number: int
    key: str
    name: str
    email: str
    zip_code: str
    state: str
    credential: str
    entry_id: str | None
    place: Position
    joins_on: int

    def device(self, generation: int = 0) -> str:
        """The id of the person's phone; a new phone is a new generation."""
        return envelope.event_id("city", f"{self.key}/device/{generation}")


@dataclass(frozen=True, slots=True)
class Good:
    """What a merchant lists; `points` is its price."""

    merchant: Person
    id: str
    name: str
    category: str
    points: int
    price: str


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who will ever live in the city, by kind, in order of number."""

    civilians: Sequence[Person]
    officers: Sequence[Person]
    merchants: Sequence[Person]
    charities: Sequence[Person]
    families: Sequence[Person]
    goods: Sequence[Good]

    @property
    def all(self) -> Sequence[Person]:
        return [
            *self.merchants,
            *self.charities,
            *self.families,
            *self.officers,
            *self.civilians,
        ]


def populate(knobs: Knobs, charities: Iterable[Entry]) -> People:
    """The people of a city; `charities` is the catalogue to choose its charities from.

    Raises TooFewCharities.
    """
    chance = random.Random(f"{knobs.name}/people")
    chosen = _choose(knobs, charities, chance)
    merchants = [_person(knobs, "merchant", n, chance) for n in range(knobs.merchants)]
    return People(
        civilians=[_person(knobs, "civilian", n, chance) for n in range(knobs.civilians)],
        officers=[_person(knobs, "officer", n, chance) for n in range(knobs.officers)],
        merchants=merchants,
        charities=[_person(knobs, "charity", n, chance, e) for n, e in enumerate(chosen)],
        families=[
            _person(knobs, "family", n, chance, e) for n, e in enumerate(family_entries(knobs))
        ],
        goods=[good for merchant in merchants for good in _goods(knobs, merchant, chance)],
    )


def family_entries(knobs: Knobs) -> list[Entry]:
    """The families in need that the city's catalogue must list before they can join."""
    chance = random.Random(f"{knobs.name}/families")
    return [
        Entry(
            entry_id=f"{knobs.name}-family-{number + 1:04d}",
            name=f"{chance.choice(LAST)} family (made up)",
            city="WASHINGTON",
            state=STATE,
            zip_code=chance.choice(ZIP_CODES),
        )
        for number in range(knobs.families)
    ]


def _choose(knobs: Knobs, charities: Iterable[Entry], chance: random.Random) -> list[Entry]:
    usable = [
        entry
        for entry in sorted(charities, key=lambda entry: entry.entry_id)
        if re.fullmatch(r"\d{5}(-\d{4})?", entry.zip_code) and entry.state in STATES
    ]
    if len(usable) < knobs.charities:
        raise TooFewCharities(
            f"the catalogue of charities has {len(usable)} entries with a state and ZIP code, the "
            f"city needs {knobs.charities}: import an extract or turn the knob down"
        )
    return chance.sample(usable, knobs.charities)


def _person(
    knobs: Knobs, kind: UserKind, number: int, chance: random.Random, entry: Entry | None = None
) -> Person:
    key = f"{knobs.name}/join/{kind}/{number}"
    id_ = envelope.event_id("onboarding", key)
    return Person(
        id=id_,
        account=account_of(id_, kind),
        kind=kind,
        number=number,
        key=key,
        name=entry.name if entry else _name(kind, number, chance),
        email=f"{kind}.{number}@{knobs.name}.example",
        zip_code=entry.zip_code if entry else chance.choice(ZIP_CODES),
        state=entry.state if entry else STATE,
        credential=entry.entry_id if entry else _credential(kind, number),
        entry_id=entry.entry_id if entry else None,
        place=_place(knobs, kind, number, chance),
        joins_on=_joining_day(kind, chance),
    )


def _name(kind: UserKind, number: int, chance: random.Random) -> str:
    if kind == "merchant":
        return f"{SHOPS[number % len(SHOPS)]} {number + 1}"
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}"


def _credential(kind: UserKind, number: int) -> str:
    match kind:
        case "officer":
            return f"CITY-{1000 + number}"
        case "merchant":
            return f"00-{number + 1:07d}"
    return f"CITY {number + 1:06d}"


def _place(knobs: Knobs, kind: UserKind, number: int, chance: random.Random) -> Position:
    if kind == "officer":
        column = random.Random(f"{knobs.name}/beats").random()
        return BEATS[0] + BEAT_STEP * number, BEATS[1] - column * BEATS_WIDTH
    return HOME[0] + chance.uniform(-0.02, 0.02), HOME[1] + chance.uniform(-0.02, 0.02)


def _joining_day(kind: UserKind, chance: random.Random) -> int:
    if kind != "civilian" or chance.random() < SETTLERS:
        return 0
    return chance.randint(1, LAST_JOINING_DAY)


def _goods(knobs: Knobs, merchant: Person, chance: random.Random) -> list[Good]:
    kinds = [GOODS[at % len(GOODS)] for at in range(knobs.goods)]
    return [
        Good(
            merchant,
            f"{name.lower().replace(' ', '-')}-{at + 1}",
            name,
            category,
            points + chance.randint(0, 3),
            price,
        )
        for at, (name, category, points, price) in enumerate(kinds)
    ]


def midnight(knobs: Knobs, day: int) -> datetime:
    """The simulated midnight, UTC, that begins day number `day`, from 0."""
    return datetime.fromtimestamp(knobs.start.timestamp() + day * 86_400, UTC)
