"""Plans a city's days: which errands, when, and what is sent twice. Sending is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count

from local.city import errands, meetings, mischief
from local.city.action import Action, Nightfall, Step
from local.city.books import Books
from local.city.knobs import Knobs
from local.city.people import People, Person, midnight
from local.city.world import World

Errand = Callable[[World], Iterator[Step]]

# Hours after midnight UTC: the shops open at 4 in the morning there, people are about from 7 to 21.
OPENING = 8
MORNING = 11
EVENING = 25

# Errands a day: per civilian who has joined, per officer, and for the whole city.
PER_CIVILIAN: tuple[tuple[Errand, float], ...] = (
    (meetings.meeting, 0.5),
    (meetings.stroll, 0.75),
    (errands.donation, 0.2),
    (errands.gift, 0.1),
    (errands.redemption, 0.25),
)
PER_OFFICER: tuple[tuple[Errand, float], ...] = ((meetings.patrol, 0.5),)
PER_CITY: tuple[tuple[Errand, float], ...] = (
    (errands.restock, 1),
    (errands.stock_count, 1),
    (errands.price_change, 0.25),
    (errands.new_phone, 0.4),
    (errands.reversal, 0.6),
)
SETTLED_ON = 6
# People are about more on Saturdays and Sundays.
WEEKEND = 1.25


def plan(knobs: Knobs, people: People, books: Books) -> Iterator[Step]:
    """All steps in order of time. Whoever carries them out books each answer before the next.

    Pure but for `books`: the same knobs, people and answers are the same steps.
    """
    world = World(knobs, people, books, now=midnight(knobs, 0))
    for day in range(knobs.days) if knobs.days is not None else count():
        world.begin_day(day)
        for errand in _errands(world):
            for step in errand:
                yield step
                yield from _again(world, step)
        if day + 1 == knobs.days:
            yield from _told_at_last(world)
        yield Nightfall(day)


def _told_at_last(world: World) -> Iterator[Step]:
    """Every phone finds a connection before the city ends."""
    for make in world.overdue(all_of_them=True):
        world.wait(1, 5)
        yield make()


def _errands(world: World) -> Iterator[Iterator[Step]]:
    """The day's errands in order; what phones still have to tell goes in between."""
    begin = midnight(world.knobs, world.day)
    if world.day == 0:
        world.wait_until(begin + timedelta(hours=OPENING))
        yield from (errands.join(world, p) for p in world.people.all if p.joins_on == 0)
    for hour, errand in sorted(_timetable(world), key=lambda entry: entry[0]):
        world.wait_until(begin + timedelta(hours=hour))
        yield (make() for make in world.overdue())
        yield errand(world)


def _timetable(world: World) -> Iterator[tuple[float, Errand]]:
    """(hour of the day, errand), in no order."""
    for errand, rate in _rates(world):
        for _ in range(world.times(rate)):
            yield world.chance.uniform(MORNING, EVENING), errand
    for person in world.people.civilians:
        if person.joins_on == world.day > 0:
            yield world.chance.uniform(MORNING, EVENING), _joining(person)
    if world.day % 7 == SETTLED_ON:
        for merchant in world.people.merchants:
            yield EVENING, partial(errands.settlement, merchant=merchant)


def _rates(world: World) -> Iterator[tuple[Errand, float]]:
    knobs = world.knobs
    civilians = sum(person.joins_on <= world.day for person in world.people.civilians)
    liveliness = WEEKEND if midnight(knobs, world.day).weekday() >= 5 else 1.0
    for errand, rate in PER_CIVILIAN:
        yield errand, rate * civilians * knobs.busyness * liveliness
    for errand, rate in PER_OFFICER:
        yield errand, rate * len(world.people.officers) * knobs.busyness
    for errand, rate in PER_CITY:
        yield errand, rate * knobs.busyness
    yield mischief.fraud, knobs.fraud
    yield mischief.nonsense, knobs.bad_requests
    yield mischief.malformed, knobs.malformed


def _joining(person: Person) -> Errand:
    return lambda world: errands.join(world, person)


def _again(world: World, step: Step) -> Iterator[Step]:
    """Now and then an answer is lost on its way and the phone asks again."""
    if isinstance(step, Action) and step.is_accepted and world.happens(world.knobs.duplicates):
        yield replace(step, at=world.wait(1, 20), is_repeat=True)
