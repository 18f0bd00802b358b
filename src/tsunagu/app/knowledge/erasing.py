"""Takes what an erased person wrote out of reviews; only for the erasure of personal data."""

from __future__ import annotations

from django.db.models import QuerySet

from tsunagu.app.knowledge.models import Improvement, Lesson, Review, ReviewVersion, Why

ERASABLE = (Review, Why, Lesson, Improvement)


def blank_written(user: int, text: str) -> None:
    """Put ``text`` into the place of each text by ``user``, in finished versions too.

    What such a text was found by goes with it.
    """
    for model in ERASABLE:
        model._default_manager.filter(by=user).exclude(text="").update(text=text)
    for learnt in (Lesson, Improvement):
        learnt._default_manager.filter(by=user).update(tokens="")
    rows: QuerySet[ReviewVersion] = QuerySet(ReviewVersion)
    for version in rows.iterator():
        parts = version.content["parts"]
        said = [{**part, "text": text} if part["by"] == user else part for part in parts]
        if said != parts:
            rows.filter(pk=version.pk).update(content={**version.content, "parts": said})
