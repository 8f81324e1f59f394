"""The people API: API keys, users and invitations."""

from sconto.client.bodies.people import (
    ApiKey,
    ApiKeys,
    AuditEntry,
    CreatedApiKey,
    Invitation,
    NewApiKey,
    PasswordLink,
    User,
)
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

_KEYS = "/people/v1/keys"
_USERS = "/people/v1/users"
_AUDIT = "/people/v1/audit"


class People(Api[S]):
    """`client.people`."""

    @operation
    def create_key(self, key: NewApiKey) -> Call[CreatedApiKey]:
        """Create an API key; only this answer has it. It is not sent again if that is lost."""
        return Call("POST", _KEYS, key, repeatable=False)

    @operation
    def list_keys(self) -> Call[ApiKeys]:
        """The keys that are not revoked."""
        return Call("GET", _KEYS)

    @operation
    def get_key(self, key_id: int) -> Call[ApiKey]:
        """The key, without the text that opens."""
        return Call("GET", f"{_KEYS}/{key_id}")

    @operation
    def revoke_key(self, key_id: int) -> Call[None]:
        """Revoke a key."""
        return Call("DELETE", f"{_KEYS}/{key_id}", read=read_nothing)

    @listing
    def list_users(self, *, page_size: int = 1000) -> Listing[User]:
        """The users."""
        return pages_of(Call("GET", _USERS, query={"limit": page_size}), "users")

    @operation
    def invite_user(self, invitation: Invitation) -> Call[PasswordLink]:
        """Create a user, and a link with which the user sets a password."""
        return Call("POST", "/people/v1/invitations", invitation, repeatable=False)

    @operation
    def sign_out(self, user_id: int) -> Call[None]:
        """End all sessions and tokens of a user."""
        return Call("DELETE", f"{_USERS}/{user_id}/sessions", read=read_nothing)

    @operation
    def reset_two_factor(self, user_id: int) -> Call[None]:
        """Let a user who lost phone and recovery codes sign in with the password alone."""
        return Call("DELETE", f"{_USERS}/{user_id}/two-factor", read=read_nothing)

    @listing
    def list_audit_log(
        self,
        *,
        kind: str | None = None,
        username: str | None = None,
        since: str | None = None,
        until: str | None = None,
        page_size: int = 1000,
    ) -> Listing[AuditEntry]:
        """Who did what, when, and to what: the latest entry first."""
        query = {
            "limit": page_size,
            "kind": kind,
            "username": username,
            "since": since,
            "until": until,
        }
        return pages_of(Call("GET", _AUDIT, query=query), "entries")

    @operation
    def reset_password(self, user_id: int) -> Call[PasswordLink]:
        """A link with which a user sets a new password."""
        return Call("POST", f"{_USERS}/{user_id}/password-link", repeatable=False)
