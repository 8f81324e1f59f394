"""The merchant API: product promotions, and the codes and history of promotions."""

from collections.abc import Sequence
from typing import Literal

from sconto.client.bodies.merchant import (
    CodeListed,
    CodesAdded,
    CodesRemoved,
    DailyUses,
    HistoryEntry,
    PromotionAnswer,
    PromotionCreate,
    PromotionCreated,
    PromotionList,
    PromotionModify,
    PromotionStatistics,
)
from sconto.client.bodies.words import CodeState
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    pages_of,
    read_nothing,
)

_ADDRESS = "/v1/promotion"


class Promotions(Api[S]):
    """`client.promotions`. The methods for codes take the id of a cart promotion too."""

    @operation
    def create(self, promotion: PromotionCreate) -> Call[PromotionCreated]:
        """Create a promotion. It is not sent again if its answer is lost (`maybe_done`)."""
        return Call("POST", _ADDRESS, promotion, repeatable=False)

    @operation
    def list_ids(
        self,
        *,
        active: bool | None = None,
        expired: bool | None = None,
        search: str | None = None,
        sort_by_update_date: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Call[PromotionList]:
        """The ids of promotions, the latest created first; all without `limit`."""
        query = {
            "status": None if active is None else int(active),
            "expired": None if expired is None else int(expired),
            "search_string": search,
            "sort_by_update_date": sort_by_update_date,
            "limit": limit,
            "offset": offset,
        }
        return Call("GET", _ADDRESS, query=query)

    @operation
    def get(self, promotion_id: int) -> Call[PromotionAnswer]:
        """The promotion with all its codes."""
        return Call("GET", f"{_ADDRESS}/{promotion_id}")

    @operation
    def change(self, promotion_id: int, change: PromotionModify) -> Call[None]:
        """Change what is sent; `coupons` or `discounts` replaces the old one whole."""
        return Call("PATCH", f"{_ADDRESS}/{promotion_id}", change, read=read_nothing)

    @operation
    def delete(self, promotion_id: int) -> Call[None]:
        """Delete the promotion."""
        return Call("DELETE", f"{_ADDRESS}/{promotion_id}", read=read_nothing)

    @operation
    def get_statistics(self, promotion_id: int) -> Call[PromotionStatistics]:
        """How often the promotion and each of its codes was used."""
        return Call("POST", f"{_ADDRESS}/statistics", {"id": promotion_id})

    @listing
    def list_daily_statistics(
        self,
        promotion_id: int,
        *,
        date_from: str | None = None,
        date_to: str | None = None,
        page_size: int = 1000,
    ) -> Listing[DailyUses]:
        """The uses by day, code and currency; both dates are included."""
        query = {"limit": page_size, "date_from": date_from, "date_to": date_to}
        address = f"{_ADDRESS}/{promotion_id}/statistics/daily"
        return pages_of(Call("GET", address, query=query), "days")

    @listing
    def list_codes(
        self,
        promotion_id: int,
        *,
        search: str | None = None,
        state: CodeState | None = None,
        page_size: int = 1000,
    ) -> Listing[CodeListed]:
        """The codes in the order in which they were added; `search` is how they begin."""
        query = {"limit": page_size, "search_string": search, "state": state}
        return pages_of(Call("GET", f"{_ADDRESS}/{promotion_id}/codes", query=query), "codes")

    @operation
    def add_codes(self, promotion_id: int, codes: Sequence[str]) -> Call[CodesAdded]:
        """Add codes, all or none. They are not sent again if the answer is lost."""
        body = {"coupon_code": list(codes)}
        return Call("POST", f"{_ADDRESS}/{promotion_id}/codes", body, repeatable=False)

    @operation
    def import_codes(self, promotion_id: int, file: bytes) -> Call[CodesAdded]:
        """Add the codes of a CSV file, all or none. It is not sent again if the answer is lost."""
        return Call(
            "POST",
            f"{_ADDRESS}/{promotion_id}/codes",
            content=file,
            headers={"Content-Type": "text/csv"},
            repeatable=False,
        )

    @operation
    def export_codes(self, promotion_id: int) -> Call[str]:
        """All codes as the text of a CSV file."""
        return Call(
            "GET",
            f"{_ADDRESS}/{promotion_id}/codes",
            headers={"Accept": "text/csv"},
            read=lambda answer: answer.text,
        )

    @operation
    def remove_codes(self, promotion_id: int, codes: Sequence[str]) -> Call[CodesRemoved]:
        """Remove codes; unknown ones are answered, and no error."""
        body = {"coupon_code": list(codes)}
        return Call("DELETE", f"{_ADDRESS}/{promotion_id}/codes", body)

    @listing
    def list_history(self, promotion_id: int, *, page_size: int = 1000) -> Listing[HistoryEntry]:
        """Who changed what, the latest change first."""
        call = Call[object]("GET", f"{_ADDRESS}/{promotion_id}/history", query={"limit": page_size})
        return pages_of(call, "history")
