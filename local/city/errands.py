"""What people do on an ordinary day besides meeting: joining, giving, shopping, keeping a shop.

An errand yields steps and reads the books between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from local.city.action import Action, Step
from local.city.books import BOUNDARY, Filed
from local.city.people import Good, Person
from local.city.world import World, instant, mirrored

PLATFORMS = ("android", "ios", "web")
LOW_STOCK = 4
REVERSIBLE = ("encounter", "donation", "gift", "redemption")
REVERSED_WITHIN = timedelta(days=2)


def join(world: World, person: Person) -> Iterator[Step]:
    """Sign up, and get ready for what the kind does."""
    world.wait(5, 20)
    body = {
        "kind": person.kind,
        "displayName": person.name,
        "email": person.email,
        "zipCode": person.zip_code,
        "state": person.state,
        "credential": person.credential,
    }
    if person.entry_id:
        body["catalogEntryId"] = person.entry_id
    says = {"userId": person.id, "account": person.account}
    yield world.act(
        "sign-up", "/onboarding/users", body, key=person.key, says=says, events=("UserOnboarded",)
    )
    world.joined.setdefault(person.kind, []).append(person)
    if person.kind in ("civilian", "officer"):
        yield _link(world, person)
    if person.kind == "merchant":
        yield from open_shop(world, person)


def new_phone(world: World) -> Iterator[Step]:
    """Someone links another device in place of the one before."""
    person = world.anyone("civilian")
    world.devices[person.id] = world.devices.get(person.id, 0) + 1
    yield _link(world, person)


def open_shop(world: World, merchant: Person) -> Iterator[Step]:
    """Publish a storefront, list every good and fill the shelf."""
    world.wait(5, 20)
    body = {
        "merchantId": merchant.id,
        "name": merchant.name,
        "description": "A made-up shop of the simulated city.",
        "zipCode": merchant.zip_code,
        "state": merchant.state,
    }
    yield world.act("storefront", "/content/storefronts", body, events=("StorefrontPublished",))
    for good in (good for good in world.people.goods if good.merchant is merchant):
        yield _list(world, good, good.points)
        yield _receive(world, good, world.chance.randint(12, 24))


def donation(world: World) -> Iterator[Step]:
    """Points for a charity or a family in need."""
    world.wait(1, 60)
    donor = world.payer("civilian", "officer", least=3)
    if donor is None:
        return
    recipient = world.anyone(world.chance.choice(("charity", "family")))
    points = world.chance.randint(1, min(20, world.balance(donor)))
    action = world.act(
        "donation",
        "/scoring/donations",
        {"donorId": donor.id, "recipientId": recipient.id, "points": points},
        says={"points": points, "balance": world.balance(donor) - points},
        postings=((donor.account, -points), (recipient.account, points)),
        events=("PointsDonated",),
    )
    yield action
    world.sent = action


def gift(world: World) -> Iterator[Step]:
    """Points for an officer, from a civilian or a colleague."""
    world.wait(1, 60)
    giver = world.payer("civilian", "officer", least=3)
    officer = world.anyone("officer")
    if giver is None or giver is officer:
        return
    points = world.chance.randint(1, min(8, world.balance(giver)))
    yield world.act(
        "gift",
        "/scoring/gifts",
        {"giverId": giver.id, "officerId": officer.id, "points": points},
        says={"points": points, "balance": world.balance(giver) - points},
        postings=((giver.account, -points), (officer.account, points)),
        events=("PointsGiven",),
    )


def redemption(world: World) -> Iterator[Step]:
    """Someone takes goods home for points."""
    world.wait(1, 60)
    good = world.chance.choice(world.people.goods)
    user = world.payer("civilian", "family", least=world.price(good))
    if user is None or world.units(good) < 1:
        return
    most = min(world.balance(user) // world.price(good), world.units(good), 3)
    quantity = world.chance.randint(1, most)
    points = quantity * world.price(good)
    yield world.act(
        "redemption",
        "/scoring/redemptions",
        {
            "userId": user.id,
            "merchantId": good.merchant.id,
            "goodId": good.id,
            "quantity": quantity,
        },
        says={"points": points, "balance": world.balance(user) - points},
        postings=((user.account, -points), (good.merchant.account, points)),
        shelf=(good.merchant.id, good.id, -quantity),
        events=("GoodsRedeemed",),
    )


def restock(world: World) -> Iterator[Step]:
    """A delivery for the shelf that needs it most; some are entered hours later."""
    world.wait(1, 60)
    good = min(world.people.goods, key=lambda good: (world.units(good), good.merchant.id, good.id))
    if world.units(good) > LOW_STOCK and world.happens(0.5):
        good = world.chance.choice(world.people.goods)
    yield _receive(world, good, world.chance.randint(8, 24))


def stock_count(world: World) -> Iterator[Step]:
    """A merchant corrects what its shelf should hold."""
    world.wait(1, 60)
    good = world.chance.choice(world.people.goods)
    units = world.chance.choice((-3, -2, -1, 1, 2))
    if world.units(good) + units < 0:
        return
    reasons = ("counted", "damaged", "lost") if units < 0 else ("counted", "found", "returned")
    yield world.act(
        "stock count",
        "/content/adjustments",
        {
            "merchantId": good.merchant.id,
            "goodId": good.id,
            "quantity": units,
            "reason": world.chance.choice(reasons),
        },
        shelf=(good.merchant.id, good.id, units),
        events=("StockAdjusted",),
    )


def price_change(world: World) -> Iterator[Step]:
    """A good is listed anew at another price."""
    world.wait(1, 60)
    good = world.chance.choice(world.people.goods)
    yield _list(world, good, good.points + world.chance.randint(-2, 4))


def settlement(world: World, merchant: Person) -> Iterator[Step]:
    """A merchant is paid for all points it holds."""
    world.wait(1, 60)
    points = world.balance(merchant)
    if points == 0:
        return
    yield world.act(
        "settlement",
        "/scoring/settlements",
        {"merchantId": merchant.id},
        says={"points": points, "balance": 0},
        postings=((merchant.account, -points), ("burn", points)),
        events=("MerchantSettled",),
    )


def reversal(world: World) -> Iterator[Step]:
    """A recent transaction is undone, where those who gained still have the points."""
    world.wait(1, 60)
    able = [filed for filed in world.books.filed if _is_reversible(world, filed)]
    if not able:
        return
    filed = world.chance.choice(able)
    shelf = filed.shelf and (*filed.shelf[:2], -filed.shelf[2])
    yield world.act(
        "reversal",
        "/scoring/reversals",
        {"transactionId": filed.transaction_id, "reason": f"{filed.kind} entered by mistake"},
        says={"reversedTransactionId": filed.transaction_id},
        postings=mirrored(filed.postings),
        shelf=shelf,
        events=("TransactionReversed",),
    )
    world.undone.add(filed.transaction_id)


def _link(world: World, person: Person) -> Action:
    world.wait(5, 30)
    body = {
        "userId": person.id,
        "deviceId": world.device(person),
        "platform": PLATFORMS[person.number % len(PLATFORMS)],
    }
    return world.act("device", "/onboarding/devices", body, events=("DeviceLinked",))


def _list(world: World, good: Good, points: int) -> Action:
    world.wait(2, 10)
    world.prices[good.merchant.id, good.id] = points
    body = {
        "merchantId": good.merchant.id,
        "goodId": good.id,
        "name": good.name,
        "category": good.category,
        "pricePoints": points,
        "unitPrice": good.price,
        "currency": "USD",
    }
    return world.act("listing", "/content/goods", body, events=("GoodListed",))


def _receive(world: World, good: Good, units: int) -> Action:
    world.wait(2, 10)
    body = {"merchantId": good.merchant.id, "goodId": good.id, "quantity": units}
    if world.day > 0 and world.happens(world.knobs.late):
        body["occurredAt"] = instant(world.now - timedelta(hours=world.chance.uniform(1, 6)))
    return world.act(
        "delivery",
        "/content/receipts",
        body,
        shelf=(good.merchant.id, good.id, units),
        events=("StockReceived",),
    )


def _is_reversible(world: World, filed: Filed) -> bool:
    return (
        filed.kind in REVERSIBLE
        and filed.transaction_id not in world.undone
        and filed.at > world.now - REVERSED_WITHIN
        and all(
            account in BOUNDARY or world.books.balances[account] >= points
            for account, points in filed.postings
        )
    )
