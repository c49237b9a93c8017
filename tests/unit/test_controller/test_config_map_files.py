"""The files of a ConfigMap: a change of binary data is a change of the source."""

import base64

from kefu_api import digest
from kefu_operator.config_map_files import config_map_files

PDF = b"%PDF-1.7\xff"


def test_texts_and_binary_data_are_files_as_a_pod_sees_them() -> None:
    found = {"data": {"a.md": "退货"}, "binaryData": {"b.pdf": base64.b64encode(PDF).decode()}}
    assert config_map_files(found) == {"a.md": "退货", "b.pdf": PDF}


def test_an_empty_config_map_has_no_files() -> None:
    assert config_map_files({"metadata": {"name": "c"}}) == {}


def test_the_digest_follows_binary_data_and_says_the_same_of_text_either_way() -> None:
    encoded = {"binaryData": {"a.md": base64.b64encode("退货".encode()).decode()}}
    assert digest.of_files(config_map_files(encoded)) == digest.of_files({"a.md": "退货"})
    changed = {"binaryData": {"a.md": base64.b64encode(PDF).decode()}}
    assert digest.of_files(config_map_files(changed)) != digest.of_files({"a.md": "退货"})
