"""Customers and their contact people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """A company (or person) that we sell to; ``external_id`` is its key in source files."""

    external_id = models.CharField(max_length=200, unique=True)
    name = models.CharField(_("name"), max_length=200, db_index=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    size = models.CharField(_("size"), max_length=50, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    source = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            models.Index("source", name="customer_source", condition=models.Q(source__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person at a customer; ``role`` is in the words of the team, not ours."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts")
    external_id = models.CharField(max_length=200)
    name = models.CharField(_("name"), max_length=100)
    title = models.CharField(_("job title"), max_length=100, blank=True)
    department = models.CharField(_("department"), max_length=100, blank=True)
    role = models.CharField(_("role in the purchase"), max_length=50, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    source = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "external_id"], name="contact_key")
        ]
        indexes = [
            models.Index("external_id", name="contact_number"),
            models.Index("source", name="contact_source", condition=models.Q(source__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
