"""The ledger in DynamoDB: one TransactWriteItems a command, its event riding in the same write.

The table's stream is the outbox: it carries the inserted items that have `event`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import botocore.exceptions
import msgspec

from ingestion import envelope
from ingestion.fields import Posting
from services.errors import Conflict, Stale
from services.ledger import (
    Account,
    AlreadyFiled,
    Change,
    Filed,
    Good,
    Linking,
    Listing,
    Once,
    Opening,
    Shelf,
    StockMove,
    Transaction,
    View,
    insufficient_balance,
    insufficient_stock,
    unknown_account,
    unknown_good,
)

Item = dict[str, Any]
# What to raise when an item's condition failed, given the item as it stands (None: absent).
Explain = Callable[[Item | None], Exception]

# Others hold the items, or the same write is still under way: both pass.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_POSTINGS = msgspec.json.Decoder(tuple[Posting, ...])


class DynamoStore:
    """One table with keys `pk` and `sk`; `client` is boto3's `dynamodb`."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def look(self, accounts: Iterable[str], goods: Iterable[Shelf] = ()) -> View:
        keys = [_key(f"account#{name}", "balance") for name in accounts]
        keys += [_key(f"stock#{merchant_id}", good_id) for merchant_id, good_id in goods]
        items = self._read(keys)
        found = [_account(item) for item in items if _is(item, "account#")]
        shelved = [_good(item) for item in items if _is(item, "stock#")]
        return View(
            {account.name: account for account in found},
            {(good.merchant_id, good.good_id): good for good in shelved},
        )

    def device(self, user_id: str) -> str | None:
        items = self._read([_key(f"device#{user_id}", "device")])
        return items[0]["device_id"]["S"] if items else None

    def filed(self, command_id: str) -> Filed | None:
        items = self._read([_key(f"txn#{command_id}", "txn")])
        return _filed(items[0]) if items else None

    def scan(self) -> Iterator[Account]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="begins_with(pk, :account)",
            ExpressionAttributeValues={":account": {"S": "account#"}},
        )
        return (_account(item) for page in pages for item in page["Items"])

    def file(self, transaction: Transaction) -> None:
        writes = [_txn(transaction)]
        writes += [_change(change) for change in transaction.changes]
        writes += [
            _movement(account, points, transaction.seen.get(account))
            for account, points in transaction.movements().items()
        ]
        self._write(
            [self._located(operation) for operation, _ in writes],
            [explain for _, explain in writes],
        )

    def _located(self, operation: Item) -> Item:
        ((action, arguments),) = operation.items()
        return {action: {"TableName": self._table, **arguments}}

    def _write(self, items: list[Item], explain: list[Explain]) -> None:
        # Made from the parameters, so that only a repetition of the very same write shares it.
        token = hashlib.sha256(repr(items).encode()).hexdigest()[:36]
        try:
            self._client.transact_write_items(TransactItems=items, ClientRequestToken=token)
        except self._client.exceptions.TransactionCanceledException as error:
            raise _reason(error, explain) from error
        except self._client.exceptions.TransactionInProgressException as error:
            raise Stale("the same write is under way") from error

    def _read(self, keys: list[Item]) -> list[Item]:
        if len(keys) == 1:
            answer = self._client.get_item(TableName=self._table, Key=keys[0], ConsistentRead=True)
            return [answer["Item"]] if "Item" in answer else []
        items: list[Item] = []
        asked = {self._table: {"Keys": keys, "ConsistentRead": True}}
        while asked:
            answer = self._client.batch_get_item(RequestItems=asked)
            items += answer["Responses"].get(self._table, [])
            asked = answer.get("UnprocessedKeys", {})
        return items


def _txn(transaction: Transaction) -> tuple[Item, Explain]:
    message = transaction.message
    item = {
        **_key(f"txn#{transaction.command_id}", "txn"),
        "request_hash": {"S": transaction.request_hash},
        "status": {"N": str(transaction.status)},
        "receipt": {"S": transaction.receipt.decode()},
        "dataset": {"S": message.dataset},
        "partition_key": {"S": message.partition_key},
        "event_type": {"S": message.event_type},
        "event": {"B": message.body},
        "postings": {"S": msgspec.json.encode(transaction.postings).decode()},
    }

    def explain(old: Item | None) -> Exception:
        return AlreadyFiled(_filed(old)) if old else Stale("the command was filed and vanished")

    return _put(item), explain


def _movement(account: str, points: int, seen: int | None) -> tuple[Item, Explain]:
    values = {":points": {"N": str(points)}}
    condition = "attribute_exists(pk)"
    if seen is not None:
        condition = "balance = :seen"
        values[":seen"] = {"N": str(seen)}
    elif points < 0:
        condition = "balance >= :needed"
        values[":needed"] = {"N": str(-points)}

    def explain(old: Item | None) -> Exception:
        if not old:
            return unknown_account(account)
        if seen is not None:
            return Stale(account)
        return insufficient_balance(account, _account(old).balance, -points)

    key = _key(f"account#{account}", "balance")
    return _update(key, "ADD balance :points", values, condition), explain


def _change(change: Change) -> tuple[Item, Explain]:
    match change:
        case Opening():
            return _opening(change)
        case Listing():
            return _listing(change)
        case StockMove():
            return _stock_move(change)
        case Once():
            return _once(change)
        case Linking():
            return _linking(change)


def _opening(opening: Opening) -> tuple[Item, Explain]:
    item = {
        **_key(f"account#{opening.account}", "balance"),
        "kind": {"S": opening.kind},
        "balance": {"N": "0"},
        "opened_at": {"S": envelope.instant(opening.opened_at)},
    }
    return _put(item), lambda _: Conflict("account_exists", f"account {opening.account} exists")


def _once(once: Once) -> tuple[Item, Explain]:
    return _put(_key(once.key, once.within)), lambda _: Conflict(once.code, once.detail)


def _listing(listing: Listing) -> tuple[Item, Explain]:
    values = {":zero": {"N": "0"}, ":listed": {"BOOL": listing.is_listed}}
    expression = "SET units = if_not_exists(units, :zero), is_listed = :listed"
    if listing.price_points is None:
        expression += " REMOVE price_points"
    else:
        expression += ", price_points = :price"
        values[":price"] = {"N": str(listing.price_points)}
    key = _key(f"stock#{listing.merchant_id}", listing.good_id)
    return _update(key, expression, values), lambda _: Stale(listing.good_id)


def _stock_move(move: StockMove) -> tuple[Item, Explain]:
    values: Item = {":units": {"N": str(move.units)}}
    conditions = ["attribute_exists(pk)"]
    if move.units < 0:
        conditions.append("units >= :needed")
        values[":needed"] = {"N": str(-move.units)}
    if move.price_points is not None:
        conditions.append("is_listed = :true AND price_points = :price")
        values |= {":true": {"BOOL": True}, ":price": {"N": str(move.price_points)}}

    def explain(old: Item | None) -> Exception:
        if not old:
            return unknown_good(move.merchant_id, move.good_id)
        good = _good(old)
        if good.units + move.units < 0:
            return insufficient_stock(good, -move.units)
        return Stale(move.good_id)

    key = _key(f"stock#{move.merchant_id}", move.good_id)
    return _update(key, "ADD units :units", values, " AND ".join(conditions)), explain


def _linking(linking: Linking) -> tuple[Item, Explain]:
    key = _key(f"device#{linking.user_id}", "device")
    put = _put({**key, "device_id": {"S": linking.device_id}})
    if linking.replaced is not None:
        put["Put"]["ConditionExpression"] = "device_id = :replaced"
        put["Put"]["ExpressionAttributeValues"] = {":replaced": {"S": linking.replaced}}
    return put, lambda _: Stale(linking.user_id)


def _put(item: Item) -> Item:
    return {
        "Put": {
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _update(key: Item, expression: str, values: Item, condition: str | None = None) -> Item:
    update = {
        "Key": key,
        "UpdateExpression": expression,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return {"Update": {**update, "ConditionExpression": condition} if condition else update}


def _reason(error: botocore.exceptions.ClientError, explain: list[Explain]) -> Exception:
    """The first failed condition, in the order written; the command's own item comes first."""
    reasons: list[Any] = error.response["CancellationReasons"]
    for reason, explained in zip(reasons, explain, strict=True):
        if reason["Code"] == "ConditionalCheckFailed":
            return explained(reason.get("Item"))
    if {reason["Code"] for reason in reasons} & _PASSING:
        return Stale("others write the same items")
    return error


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _is(item: Item, sort: str) -> bool:
    pk: str = item["pk"]["S"]
    return pk.startswith(sort)


def _account(item: Item) -> Account:
    name = item["pk"]["S"].removeprefix("account#")
    return Account(name, item["kind"]["S"], int(item["balance"]["N"]))


def _good(item: Item) -> Good:
    return Good(
        merchant_id=item["pk"]["S"].removeprefix("stock#"),
        good_id=item["sk"]["S"],
        units=int(item["units"]["N"]),
        price_points=int(item["price_points"]["N"]) if "price_points" in item else None,
        is_listed=item["is_listed"]["BOOL"],
    )


def _filed(item: Item) -> Filed:
    return Filed(
        command_id=item["pk"]["S"].removeprefix("txn#"),
        request_hash=item["request_hash"]["S"],
        status=int(item["status"]["N"]),
        receipt=item["receipt"]["S"].encode(),
        event_type=item["event_type"]["S"],
        body=item["event"]["B"],
        postings=_POSTINGS.decode(item["postings"]["S"]),
    )
