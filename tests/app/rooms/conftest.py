"""A case of the representative of the north, and files to put there."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.app.factories import Organisation

from tsunagu.app.interruptions import folding
from tsunagu.app.interruptions.models import Interruption

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    return folding.begin(organisation.own)


def upload(name: str = "見積書.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def office(*parts: str) -> bytes:
    """A ZIP with these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return stream.getvalue()
