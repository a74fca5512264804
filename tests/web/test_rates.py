"""Exchange rates over HTTP."""

from datetime import date

from saqta.model.kinds import RatesPublished


def test_rates_are_decimal_texts_with_their_change(centre) -> None:
    for day, worth in ((30, "512.80"), (31, "512.82")):
        rates = {"USD": ("1", worth)}
        centre.tell(RatesPublished(publisher="nationalbank.kz", day=date(2026, 1, day), quote="KZT", rates=rates))
    with centre.http("alice") as alice, centre.http("pavel") as pavel:
        assert alice.get("/api/v1/rates").json() == {
            "items": [
                {
                    "currency": "KZT",
                    "quote": "USD",
                    "rate": "0.00195000",
                    "rate_before": "0.00195008",
                    "change_percent": "-0.0039",
                    "publisher": "nationalbank.kz",
                    "day": "2026-01-31",
                    "day_before": "2026-01-30",
                }
            ],
            "next": None,
        }
        assert pavel.get("/api/v1/rates").status_code == 403
