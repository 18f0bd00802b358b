"""Forms about people."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm


class LogInForm(LoginForm):  # type: ignore[misc]
    """The log-in without a second "forgot password": the page says it in our own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
