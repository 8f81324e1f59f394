"""The error of a setting."""


class SettingError(Exception):
    """An invalid setting; the message is one line: which setting, and what is expected."""
