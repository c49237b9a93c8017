"""The adapters document is read by companions of earlier versions, which keep their image until their pods change otherwise."""

from pydantic import BaseModel

from kefu_api.documents.adapters import FILE, Adapters, AdapterServer, AdapterSource


def fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_another_document_has_another_file_name() -> None:
    known = {
        "adapters.json": [
            ["schemaVersion", "adapters"],
            ["name", "uri", "revision", "path", "server"],
            ["endpoint", "region", "accessKeyFile", "secretKeyFile"],
        ]
    }
    assert known[FILE] == [fields(Adapters), fields(AdapterSource), fields(AdapterServer)]
