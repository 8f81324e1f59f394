"""The settings of merchants, and what each page of the portal needs to know about its user."""

from typing import Final

from sconto.domain.merchant_settings import MerchantSettings, Profile
from sconto.store.database import Connection

_FIND: Final = """
SELECT shop_name, time_zone, currency, code_link, requires_two_factor
FROM merchants WHERE merchant_id = $1
"""

_LOCK: Final = f"{_FIND} FOR NO KEY UPDATE"

_SAVE: Final = """
UPDATE merchants SET
    shop_name = $2, time_zone = $3, currency = $4, code_link = $5, requires_two_factor = $6
WHERE merchant_id = $1
"""

_PROFILE: Final = """
SELECT coalesce(shop_name, name) AS shop_name, language, time_zone, currency,
    requires_two_factor, code_link
FROM users JOIN merchants USING (merchant_id)
WHERE merchant_id = $1 AND user_id = $2
"""

_SET_LANGUAGE: Final = "UPDATE users SET language = $3 WHERE merchant_id = $1 AND user_id = $2"


async def find_settings(
    connection: Connection, merchant_id: int, *, lock: bool = False
) -> MerchantSettings:
    """The merchant's settings; `lock` keeps others from changing them in this transaction."""
    row = await connection.fetchrow(_LOCK if lock else _FIND, merchant_id)
    return MerchantSettings() if row is None else MerchantSettings(*row)


async def save_settings(
    connection: Connection, merchant_id: int, settings: MerchantSettings
) -> None:
    """Store all settings of the merchant."""
    await connection.execute(
        _SAVE,
        merchant_id,
        settings.shop_name,
        settings.time_zone,
        settings.currency,
        settings.code_link,
        settings.requires_two_factor,
    )


async def find_profile(connection: Connection, merchant_id: int, user_id: int) -> Profile | None:
    """The profile that a user's pages show; None if there is no such user."""
    row = await connection.fetchrow(_PROFILE, merchant_id, user_id)
    return None if row is None else Profile(*row)


async def set_language(
    connection: Connection, merchant_id: int, user_id: int, language: str | None
) -> None:
    """Store the language that a user chose."""
    await connection.execute(_SET_LANGUAGE, merchant_id, user_id, language)
