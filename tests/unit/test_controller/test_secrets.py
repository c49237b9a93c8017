"""Secrets never leave the place where they are made."""

import json
import logging

from kefu_operator.desired.metadata import Owner, owned
from kefu_operator.desired.secret import generated_secret, random_value
from kefu_operator.logs import JsonFormatter
from kefu_operator.plan.workload import GeneratedSecret


def test_every_value_is_new_and_long() -> None:
    values = {random_value() for _ in range(100)}
    assert len(values) == 100
    assert min(map(len, values)) >= 43


def test_a_generated_secret_cannot_be_changed() -> None:
    scope = owned("acme", Owner("ChatbotDeployment", "shop", "uid"))
    made = generated_secret(GeneratedSecret("shop-api-key"), scope, "gateway", "value")
    assert made["immutable"]
    assert made["stringData"] == {"key": "value"}


def test_a_generated_secret_can_hold_its_value_in_the_words_that_a_program_reads() -> None:
    planned = GeneratedSecret("shop-redis-password", {"key": "{}", "users.acl": "user default on >{} ~* &* +@all"})
    assert planned.contents("v4lue") == {"key": "v4lue", "users.acl": "user default on >v4lue ~* &* +@all"}


def test_a_log_line_is_one_json_object_with_its_error() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord("n", logging.ERROR, "p", 1, "said %s", ("so",), (ValueError, error, None))
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "said so"
    assert "two\nlines" in json.loads(line)["error"]
