"""The subscription promotions API.

Each method that changes something takes an idempotency key and makes one if it gets none, so that
an attempt whose answer is lost can be repeated. Give a key of your own, such as the contract's id,
to make your own repetitions safe too.
"""

from typing import Any

from sconto.client.bodies.subscription import (
    ApplicationAnswer,
    NewSubscriptionPromotion,
    PlanToSchedule,
    PromotionSchedule,
    SubscriptionContract,
    SubscriptionPromotionPatch,
    SubscriptionPromotionResource,
    ValidationAnswer,
)
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    read_nothing,
    segment,
    with_key,
)

_ADDRESS = "/promotion/v1/promotions"


class Subscriptions(Api[S]):
    """`client.subscriptions`."""

    @operation
    def create(
        self, promotion: NewSubscriptionPromotion, *, key: str | None = None
    ) -> Call[SubscriptionPromotionResource]:
        """Create a promotion."""
        return Call("POST", _ADDRESS, promotion, headers=with_key(key), read=_read_data)

    @listing
    def list(
        self,
        *,
        code: str | None = None,
        enabled: bool | None = None,
        name: str | None = None,
        page_size: int = 100,
    ) -> Listing[SubscriptionPromotionResource]:
        """The promotions, the oldest first."""
        query = {"limit": page_size, "code": code, "enabled": enabled, "name": name}
        return Listing(
            Call[Any]("GET", _ADDRESS, query=query),
            lambda page: page["data"],
            lambda page: page["meta"]["pagination"]["nextCursor"],
        )

    @operation
    def get(self, promotion_id: str) -> Call[SubscriptionPromotionResource]:
        """The promotion, and how often its code was applied."""
        return Call("GET", f"{_ADDRESS}/{segment(promotion_id)}", read=_read_data)

    @operation
    def change(
        self, promotion_id: str, patch: SubscriptionPromotionPatch, *, key: str | None = None
    ) -> Call[SubscriptionPromotionResource]:
        """The promotion after a JSON merge patch."""
        headers = {**with_key(key), "Content-Type": "application/merge-patch+json"}
        address = f"{_ADDRESS}/{segment(promotion_id)}"
        return Call("PATCH", address, patch, headers=headers, read=_read_data)

    @operation
    def delete(self, promotion_id: str, *, key: str | None = None) -> Call[None]:
        """Archive the promotion; those who have its code keep it."""
        address = f"{_ADDRESS}/{segment(promotion_id)}"
        return Call("DELETE", address, headers=with_key(key), read=read_nothing)

    @operation
    def validate(self, promotion_id: str, contract: SubscriptionContract) -> Call[ValidationAnswer]:
        """Whether a contract may have the promotion, and if not, why. Nothing is counted."""
        address = f"{_ADDRESS}/{segment(promotion_id)}/_validate"
        return Call("POST", address, {"subscriptionContract": contract})

    @operation
    def schedule(self, promotion_id: str, plan: PlanToSchedule) -> Call[PromotionSchedule]:
        """What a contract's next orders get, and until when."""
        address = f"{_ADDRESS}/{segment(promotion_id)}/_schedule"
        return Call("POST", address, plan, read=_read_data)

    @operation
    def apply_code(
        self, code: str, contract: SubscriptionContract, *, key: str | None = None
    ) -> Call[ApplicationAnswer]:
        """Apply a code to a contract. Store `meta.applicationId` with the contract."""
        body = {"promotionCode": code, "subscriptionContract": contract}
        return Call("POST", "/promotion/v1/promotion-codes/_apply", body, headers=with_key(key))


def _read_data(answer: Any) -> Any:
    return answer.json()["data"]
