"""The settings of a merchant: all its users read them, an admin changes them."""

from sconto.domain.audit import settings_changed
from sconto.domain.merchant_settings import MerchantSettings, find_faults, setting_facts
from sconto.domain.people import Caller
from sconto.domain.people_problems import SettingsRefused
from sconto.store import history
from sconto.store import merchant_settings as store
from sconto.store.database import Database, retried


@retried
async def merchant_settings(database: Database, caller: Caller) -> MerchantSettings:
    """The settings of the caller's merchant."""
    async with database.read(caller.merchant_id) as connection:
        return await store.find_settings(connection, caller.merchant_id)


async def change_settings(database: Database, caller: Caller, new: MerchantSettings) -> bool:
    """Set all settings of the caller's merchant; returns whether any differed.

    Raises SettingsRefused.
    """
    if faults := find_faults(new):
        raise SettingsRefused(faults)
    async with database.write(caller.merchant_id) as connection:
        old = await store.find_settings(connection, caller.merchant_id, lock=True)
        change = settings_changed(setting_facts(old), setting_facts(new))
        if change is None:
            return False
        await store.save_settings(connection, caller.merchant_id, new)
        await history.record(connection, caller, change)
    return True
