"""Parsed chatbots."""

from copy import deepcopy

import pytest
from pydantic import ValidationError

from kefu_operator.parsing import chatbot_of
from tests.unit.test_controller.test_relations import chatbot


def test_equal_content_is_parsed_once_and_other_content_anew() -> None:
    found = chatbot("a")
    assert chatbot_of(found) is chatbot_of(deepcopy(found))
    other = deepcopy(found)
    other["spec"]["engine"]["llamaCpp"]["parallel"] = 3
    assert chatbot_of(other).spec != chatbot_of(found).spec


def test_what_cannot_be_read_is_an_error_each_time() -> None:
    found = chatbot("a")
    found["spec"]["engine"] = {"none": {}}
    for _ in range(2):
        with pytest.raises(ValidationError):
            chatbot_of(found)
