"""The person behind a request."""

from __future__ import annotations

from django.http import HttpRequest

from tsunagu.app.people.models import User


def person(request: HttpRequest) -> User:
    """The signed-in user, as our own type. Every view needs a log-in unless it says otherwise.

    Raises:
        TypeError: nobody is signed in, so the view was opened to all by mistake.
    """
    if not isinstance(request.user, User):
        raise TypeError("a view that needs a person was opened to everybody")
    return request.user
