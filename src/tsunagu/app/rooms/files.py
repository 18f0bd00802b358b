"""Which files a case takes: by their content, not by what they are called."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import PurePosixPath
from typing import IO
from unicodedata import category, normalize

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 5
"""At once."""

LONGEST_NAME = 120
_HEAD = 64 * 1024


@dataclass(frozen=True)
class FileKind:
    """A kind of file: its endings, the type it is served with, and how its content is known."""

    endings: tuple[str, ...]
    content_type: str
    is_it: Callable[[IO[bytes], bytes], bool]


def _begins(*marks: bytes) -> Callable[[IO[bytes], bytes], bool]:
    return lambda _stream, head: head.startswith(marks)


def _is_webp(_stream: IO[bytes], head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _office(part: str) -> Callable[[IO[bytes], bytes], bool]:
    """An Office document: a ZIP with the document's ``part``, and without macros."""

    def is_it(stream: IO[bytes], head: bytes) -> bool:
        if not head.startswith(b"PK\x03\x04"):
            return False
        try:
            names = set(zipfile.ZipFile(stream).namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        return {"[Content_Types].xml", part} <= names and not has_macros

    return is_it


def _is_text(_stream: IO[bytes], head: bytes) -> bool:
    """Words in one of the encodings of our users' files, with no control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _reads(head[: len(head) // 2 * 2], "utf-16")
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and any(
        _reads(head, encoding) for encoding in ("utf-8", "cp932", "euc_jp")
    )


def _reads(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError as trouble:
        # The head may end in the middle of a character.
        return len(head) == _HEAD and trouble.start >= _HEAD - 4
    return True


def _is_mail(stream: IO[bytes], head: bytes) -> bool:
    mail = message_from_bytes(head)
    return _is_text(stream, head) and "From" in mail and ("Date" in mail or "Subject" in mail)


_OOXML = "application/vnd.openxmlformats-officedocument."
KINDS = {
    "pdf": FileKind((".pdf",), "application/pdf", _begins(b"%PDF-")),
    "png": FileKind((".png",), "image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpeg": FileKind((".jpg", ".jpeg"), "image/jpeg", _begins(b"\xff\xd8\xff")),
    "webp": FileKind((".webp",), "image/webp", _is_webp),
    "xlsx": FileKind((".xlsx",), f"{_OOXML}spreadsheetml.sheet", _office("xl/workbook.xml")),
    "docx": FileKind(
        (".docx",), f"{_OOXML}wordprocessingml.document", _office("word/document.xml")
    ),
    "pptx": FileKind(
        (".pptx",), f"{_OOXML}presentationml.presentation", _office("ppt/presentation.xml")
    ),
    "eml": FileKind((".eml",), "application/octet-stream", _is_mail),
    "csv": FileKind((".csv",), "application/octet-stream", _is_text),
    "txt": FileKind((".txt",), "application/octet-stream", _is_text),
}
"""By key. What a browser could take for a page is served as mere bytes."""

ENDINGS = tuple(ending for kind in KINDS.values() for ending in kind.endings)


def safe_name(name: str) -> str:
    """The file's own name: no folders, no control or direction marks, not too long."""
    bare = PurePosixPath(normalize("NFC", name).replace("\\", "/")).name
    plain = "".join(c for c in bare if not category(c).startswith("C"))
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .") or "file"
    path = PurePosixPath(plain)
    return path.stem[: LONGEST_NAME - len(path.suffix[:10])] + path.suffix[:10]


def check(upload: UploadedFile[bytes]) -> str:
    """The key of the file's kind.

    Raises:
        ValidationError: it is empty, too big, of no kind that is taken, or not what its name says.
    """
    name = safe_name(upload.name or "")
    if not upload.size:
        raise ValidationError(_("“%(name)s” is empty.") % {"name": name})
    if upload.size > MOST_BYTES:
        raise ValidationError(
            _("“%(name)s” is larger than %(most)d MB.") % {"name": name, "most": MOST_BYTES >> 20}
        )
    ending = PurePosixPath(name).suffix.lower()
    key = next((key for key, kind in KINDS.items() if ending in kind.endings), None)
    if key is None:
        raise ValidationError(
            _("“%(name)s” cannot be kept here. These can: %(endings)s.")
            % {"name": name, "endings": " ".join(ENDINGS)}
        )
    if not _has_content_of(upload, KINDS[key]):
        raise ValidationError(
            _("What is in “%(name)s” is not what its name says. Save it anew and try again.")
            % {"name": name}
        )
    return key


def _has_content_of(upload: UploadedFile[bytes], kind: FileKind) -> bool:
    stream = upload.file
    assert stream is not None  # noqa: S101  # an upload that has a size has a file
    stream.seek(0)
    head = stream.read(_HEAD)
    found = kind.is_it(stream, head)
    stream.seek(0)
    return found
