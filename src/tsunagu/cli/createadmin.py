"""``tsunagu createadmin``: the first person who can log in."""

from __future__ import annotations

from typing import Annotated

import typer

from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli import application
from tsunagu.cli.console import err, with_errors
from tsunagu.cli.options import Lang
from tsunagu.cli.words import words

EXAMPLES = "tsunagu createadmin --email hanako@example.jp --name 山田花子"


@with_errors
def command(
    email: Annotated[str, typer.Option(prompt=True, help="Log-in. / ログイン用メールアドレス")],
    name: Annotated[str, typer.Option(prompt=True, help="Name shown. / 表示名")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            envvar="TSUNAGU_PASSWORD",
            help="Asked for if not given in the environment. / パスワード",
        ),
    ],
    language: Lang = "ja",
) -> None:
    """Create an administrator. / 管理者を作る。"""
    application.set_up()
    application.require_migrated()
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.utils import translation

    from tsunagu.app.people.actions import create_user
    from tsunagu.app.people.models import Role, User

    with translation.override(language), application.database_errors():
        try:
            validate_password(password, User(email=email, name=name))
            create_user(
                None,
                name=name,
                email=email,
                role=Role.ADMINISTRATOR,
                password=password,
                language=language,
            )
        except ValidationError as error:
            remedy = words("try_again", language)
            raise TsunaguError(" ".join(error.messages), remedy=remedy) from error
    err().print(words("admin_created", language, email=email))
