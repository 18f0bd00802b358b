"""What a customer is asked, in plain words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions import shipped

Choices = list[tuple[str, str]]


def _choices() -> Choices:
    return [(key, phrase.words) for key, phrase in shipped.choices().items()]


def _ways() -> Choices:
    return [(key, phrase.words) for key, phrase in shipped.ways().items()]


class CustomerForm(forms.Form):
    """What happened, what they need, how they want to be contacted; nothing is required by itself.

    The action wants at least one of the first three.
    """

    choices = forms.MultipleChoiceField(
        label=_("What has changed? Tick all that apply."),
        choices=_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=_("What happened, in your own words (if you like)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    needs = forms.CharField(
        label=_("What do you need from us? (if you like)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    contact_by = forms.ChoiceField(
        label=_("How would you like to be contacted?"),
        choices=_ways,
        required=False,
        widget=forms.RadioSelect,
    )
    contact_when = forms.CharField(
        label=_("When would suit you? (if you like)"), required=False, max_length=200
    )
