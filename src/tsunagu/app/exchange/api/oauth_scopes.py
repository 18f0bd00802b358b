"""Our scopes, as the OAuth library asks for them."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

from tsunagu.app.exchange.api.scopes import known


class OurScopes(BaseScopes):  # type: ignore[misc]  # the library is untyped
    """All apps may ask for all scopes; each person decides."""

    def get_all_scopes(self) -> dict[str, str]:
        """Every scope with its words."""
        return {scope: str(words) for scope, words in known().items()}

    def get_available_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        """What an app may ask for."""
        return list(known())

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        """What an app asks for that names nothing: to know who the person is."""
        return ["people:read"]
