"""The OpenAPI documents of a running gateway, by a validator that is not ours: each is one, and each example is of its schema."""

import jsonschema
import pytest
import requests
from gateway import LIMIT_SECONDS
from openapi_spec_validator import OpenAPIV31SpecValidator

NAMES = ("nexmo", "nexo", "seven", "native")


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """All of them, by name, as the native API answers them."""
    from gateway import Gateway

    gateway = Gateway(tmp_path_factory.mktemp("openapi"))
    listed = gateway.native("GET", "openapi").json()
    found = {name: gateway.native("GET", f"openapi/{name}.json").json() for name in NAMES}
    assert set(NAMES) <= {entry.get("name") for entry in next(iter(listed.values()))}, listed
    printed = gateway.cli("openapi", "nexo")
    assert requests.models.complexjson.loads(printed.stdout) == found["nexo"]
    gateway.end()
    return found


def operations(document):
    """Every operation with where it stands: those of paths, then those of webhooks."""
    for kind in ("paths", "webhooks"):
        for place, item in document.get(kind, {}).items():
            for method, operation in item.items():
                yield f"{method} {place}", operation


def examples(media):
    """The examples of a media type or parameter, each with its name."""
    if "example" in media:
        yield "example", media["example"]
    for name, example in media.get("examples", {}).items():
        yield name, example["value"]


def contents(operation):
    """What an operation takes and gives: name, schema, examples."""
    for parameter in operation.get("parameters", []):
        yield f"parameter {parameter['name']}", parameter["schema"], examples(parameter)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"body {media}", content["schema"], examples(content)
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield f"{status} {media}", content["schema"], examples(content)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid(documents, name):
    document = documents[name]
    assert document["openapi"] == "3.1.0"
    errors = [f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert not errors, "\n".join(errors[:10])
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names)) and len(names) > 2


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_of_its_schema(documents, name):
    document, count, wrong = documents[name], 0, []
    for place, operation in operations(document):
        for what, schema, given in contents(operation):
            # References lead into the document.
            validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
            for example, value in given:
                count += 1
                # The examples of a body are of the members that make an operation work: what is left out is left out on purpose.
                faults = [error for error in validator.iter_errors(value) if not (what.startswith("body") and error.validator == "required")]
                wrong += [f"{place} {what} {example}: {error.message}" for error in faults]
    assert not wrong, "\n".join(wrong[:10])
    assert count > 10, count


@pytest.mark.parametrize(("name", "wanted"), [("nexmo", {"receipt", "inbound", "messageStatus", "inboundMessage"}), ("seven", {"receipt", "inbound"}), ("nexo", {"delivery", "inbound"})])
def test_webhooks_are_described_with_what_was_seen(documents, name, wanted):
    webhooks = documents[name]["webhooks"]
    assert set(webhooks) == wanted
    for place, item in webhooks.items():
        for method, operation in item.items():
            bodies = [example for content in operation.get("requestBody", {}).get("content", {}).values() for example in content["examples"]]
            parameters = [parameter for parameter in operation.get("parameters", []) if "example" in parameter]
            assert bodies if method != "get" else parameters, (place, method)


def test_a_real_webhook_is_as_it_is_described(dev, receiver):
    """What a receiver gets from this gateway, against the document of the same gateway."""
    document = dev.native("GET", "openapi/nexmo.json").json()
    for method, media in (("POST", "application/x-www-form-urlencoded"), ("POST-JSON", "application/json")):
        dev.patch_account(webhook_method=method)
        seen = len(receiver.hooks)
        dev.send(to="447700900123", **{"callback": f"{receiver.url}/dlr"})
        hook = receiver.wait_for(seen + 1)[seen]
        content = document["webhooks"]["receipt"]["post"]["requestBody"]["content"][media]
        schema = {**content["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(dict(hook.parameters))
        assert hook.headers["content-type"] == media
    answer = requests.get(f"{dev.http}/_whimbrel/v1/openapi/nothing.json", timeout=LIMIT_SECONDS)
    assert answer.status_code == 404
