"""The scoring function: HTTP in, decisions next door, the ledger behind."""

from __future__ import annotations

from typing import Any

from services import qr_token
from services.desk import ledger
from services.http import Answer, Api, Call, reply
from services.ledger import Transaction
from services.scoring import encounters, redemptions, reversals, settlements, transfers

api = Api(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return api.answer(event)


@api.post("/encounters", encounters.Encounter)
def record_encounter(encounter: encounters.Encounter, call: Call) -> Answer:
    def decide() -> Transaction:
        civilian, officer = ledger().parties(encounter.civilian_id, encounter.officer_id)
        balance = ledger().balance(civilian.account)
        secret = qr_token.secret() if encounter.method == "qr" else b""
        return encounters.record(encounter, call, civilian, officer, balance, secret)

    return ledger().execute(call, decide)


@api.post("/donations", transfers.Donation)
def donate(donation: transfers.Donation, call: Call) -> Answer:
    def decide() -> Transaction:
        donor, recipient = ledger().parties(donation.donor_id, donation.recipient_id)
        return transfers.donate(donation, call, donor, recipient, ledger().balance(donor.account))

    return ledger().execute(call, decide)


@api.post("/gifts", transfers.Gift)
def give(gift: transfers.Gift, call: Call) -> Answer:
    def decide() -> Transaction:
        giver, officer = ledger().parties(gift.giver_id, gift.officer_id)
        return transfers.give(gift, call, giver, officer, ledger().balance(giver.account))

    return ledger().execute(call, decide)


@api.post("/redemptions", redemptions.Redemption)
def redeem(redemption: redemptions.Redemption, call: Call) -> Answer:
    def decide() -> Transaction:
        user, merchant = ledger().parties(redemption.user_id, redemption.merchant_id)
        shelf = (redemption.merchant_id, redemption.good_id)
        view = ledger().look([user.account], [shelf])
        good, balance = view.good(*shelf), view.account(user.account).balance
        return redemptions.redeem(redemption, call, user, merchant, good, balance)

    return ledger().execute(call, decide)


@api.post("/settlements", settlements.Settlement)
def settle(settlement: settlements.Settlement, call: Call) -> Answer:
    def decide() -> Transaction:
        (merchant,) = ledger().parties(settlement.merchant_id)
        return settlements.settle(settlement, call, merchant, ledger().balance(merchant.account))

    return ledger().execute(call, decide)


@api.post("/reversals", reversals.Reversal)
def reverse(reversal: reversals.Reversal, call: Call) -> Answer:
    return ledger().execute(
        call,
        lambda: reversals.reverse(reversal, call, ledger().filed(reversal.transaction_id)),
    )


@api.get("/accounts/{account}")
def show_account(call: Call) -> Answer:
    account = ledger().account(call.path["account"])
    return reply(200, {"account": account.name, "kind": account.kind, "balance": account.balance})
