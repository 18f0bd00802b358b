import json
from tests.app.exchange.api.calling import Program
from tests.app.factories import Organisation
from tsunagu.app.deals.models import Event

def test_try(organisation: Organisation, client) -> None:
    p = Program(organisation.operations)
    own = organisation.own.external_id
    rows = [
        {"id": "1", "deal": own, "at": "2026-05-01T10:00:00+09:00", "type": "call", "direction": "both", "text": "a"},
        {"id": "2", "deal": own, "at": "bad", "type": "email", "direction": "in", "text": "a"},
        {"id": "3", "deal": "nope", "at": "2026-05-01", "type": "quote", "direction": "out", "text": "a"},
        {"id": "4", "deal": own, "at": "2026-05-02", "type": "quote", "direction": "out", "text": "a", "actor": "who"},
    ]
    print(p.post("/bulk/activities", rows).content.decode())
    print(p.post("/bulk/activities", rows).content.decode())
    print(p.post("/bulk/activities?all_or_nothing=true", rows).content.decode())
    print(p.post("/bulk/activities?create_missing=true", rows).content.decode())
    for e in Event.objects.filter(deal=organisation.own): print(e.kind, e.direction, e.value, e.actor, e.at)
    print(p.post("/bulk/deals", [{"id": "D-1", "title": "t", "customer": "C-1", "customer_name": "x", "created": "2026-05-01", "amount": 123.5, "stage": "提案"}, {"id": "D-2", "created": "2026-05-01", "status": "won", "ended": "2026-06-01"}]).content.decode())
    print(p.post("/bulk/deals", [{"id": "D-1", "w": 3}]).content.decode())
    print(p.post("/bulk/deals", [{"id": "D-1"}]).content.decode())
    print(p.post("/bulk/customers", [{"id": "C-1", "name": "y"}]).content.decode())
    print(p.post("/bulk/contacts", [{"customer": "C-1", "name": "y", "email": "a@b.jp"}]).content.decode())
    print(p.get("/deals", {"external_id": "D-1"}).content.decode())
    assert 0
