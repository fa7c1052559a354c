"""The OpenAPI document: what a client sends, and nothing that the gateway fills in."""

from __future__ import annotations

from contracts.catalog import OPERATIONS
from services.gateway.app import OPEN
from services.gateway.documents import openapi

DOCUMENT = openapi(OPEN)
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_what_the_gateway_fills_in_is_asked_of_nobody() -> None:
    for name, fields in (
        ("SignIn", {"email", "password"}),
        ("SignInWithPasskey", {"credential"}),
        ("ConfirmSecondFactor", {"code"}),
        ("SignOut", set()),
    ):
        assert set(SCHEMAS[name]["properties"]) == set(SCHEMAS[name]["required"]) == fields
    assert not {"cookie", "device"} & set(SCHEMAS["SessionAnswer"]["properties"])


def test_a_device_of_the_list_is_still_named_by_who_ends_it() -> None:
    assert SCHEMAS["EndDevice"]["required"] == ["device"]


def test_whose_record_is_a_header_exactly_where_a_record_is_in_view() -> None:
    chosen = {
        each["operationId"]
        for path in DOCUMENT["paths"].values()
        for each in path.values()
        if any(p["name"] == "X-Patient" and not p["required"] for p in each["parameters"])
    }
    assert chosen == {o.message.__name__ for o in OPERATIONS if o.chart}
