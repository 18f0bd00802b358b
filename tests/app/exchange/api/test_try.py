import json
from tests.app.exchange.api.calling import Program
from tests.app.factories import Organisation

def test_try(organisation: Organisation, client) -> None:
    p = Program(organisation.operations)
    a = p.get("/deals", {"limit": 2, "sort": "-close_date"})
    print(a.status_code, a.headers, a.content.decode()[:1500])
    b = p.get("/deals", {"cursor": a.json()["next"], "sort": "-close_date", "fields": "title"})
    print(b.json())
    print(p.get("/deals/999").content.decode())
    print(p.post("/deals", {"title": "x", "customer": organisation.own.customer_id}).content.decode())
    print(p.post("/deals", {"title": "x", "customer": "q", "w": 1}).content.decode())
    pk = organisation.own.pk
    d = p.get(f"/deals/{pk}")
    print(p.patch(f"/deals/{pk}", {"title": "y"}).content.decode())
    print(p.patch(f"/deals/{pk}", {"title": "y", "amount": "5"}, **{"if-match": d.headers["ETag"]}).content.decode())
    print(p.patch(f"/deals/{pk}", {"title": "y"}, **{"if-match": d.headers["ETag"]}).content.decode())
    print(p.post(f"/deals/{pk}/activities", {"kind": "call"}).content.decode())
    print(p.get(f"/deals/{pk}/events").content.decode())
    print(p.post(f"/deals/{pk}").content.decode())
    print(p.get(f"/deals/abc").content.decode())
    print(p.get(f"/nope").content.decode())
    print(client.get("/api/v1/deals").content.decode())
    s = client.get("/api/v1/openapi.json").json()
    print(json.dumps(s["paths"]["/api/v1/deals"], indent=1, ensure_ascii=False)[:3000])
    assert 0
