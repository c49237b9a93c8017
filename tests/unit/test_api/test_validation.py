"""What `check` says of bundles: lines, hints, references, doubles, foreign kinds, and never a secret."""

import textwrap

import pytest

from kefu_api.source import parse
from kefu_api.validation import check

CHATBOT = """\
apiVersion: kefu.dev/v1alpha1
kind: ChatbotDeployment
metadata: {name: shop}
spec:
  model: {uri: "hf://Qwen/Qwen3-8B", tokenSecret: {name: hub, key: token}}
  knowledge: [{name: shop}]
"""
INDEX = """\
apiVersion: kefu.dev/v1alpha1
kind: KnowledgeIndex
metadata: {name: shop}
spec:
  sources: [{name: faq, format: FAQ, configMap: {name: shop-faq}}]
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop-faq}
data: {faq.yaml: "[]"}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: hub}
stringData: {token: hf_secret}
"""


MISSING = "is not among these files: add it, unless it is in the cluster already"
ONE_ENGINE = "at most one of vllm, tensorrtLlm, llamaCpp, endpoint may be set: choose one engine"


def said(*texts: str) -> list[str]:
    return [str(found) for found in check(parse("---\n".join(texts), "shop.yaml"))]


def test_a_whole_bundle_is_well() -> None:
    assert said(CHATBOT, INDEX, CONFIG_MAP, SECRET) == []


def test_what_is_named_and_missing_is_a_warning() -> None:
    assert said(CHATBOT, INDEX) == [
        f"shop.yaml:5: warning: ChatbotDeployment/shop: spec.model.tokenSecret.name: Secret hub {MISSING}",
        f"shop.yaml:12: warning: KnowledgeIndex/shop: spec.sources[0].configMap.name: ConfigMap shop-faq {MISSING}",
    ]


def test_an_object_of_another_namespace_does_not_count() -> None:
    elsewhere = INDEX.replace("{name: shop}\nspec", "{name: shop, namespace: acme}\nspec")
    assert any("KnowledgeIndex shop is not among these files" in line for line in said(CHATBOT, elsewhere, SECRET))


def test_a_key_that_the_secret_lacks_is_a_warning() -> None:
    [line] = said(CHATBOT.replace("key: token", "key: tokn"), INDEX, CONFIG_MAP, SECRET)
    assert line.endswith("spec.model.tokenSecret.key: Secret hub has no key tokn: add it or correct the name")


def test_errors_name_file_line_object_field_and_remedy() -> None:
    text = CHATBOT.replace("  model:", "  modle: {}\n  engine: {vllm: {}, llamaCpp: {}}\n  model:")
    assert said(text, INDEX, CONFIG_MAP, SECRET) == [
        f"shop.yaml:6: error: ChatbotDeployment/shop: spec.engine: {ONE_ENGINE}",
        "shop.yaml:5: error: ChatbotDeployment/shop: spec.modle: unknown field; did you mean model?",
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("kind: KnowledgeIndex", "apiVersion: is required"),
        ("apiVersion: v1", "kind: is required; it must be text such as KnowledgeIndex or ChatbotDeployment"),
        ("{apiVersion: 1, kind: []}", "apiVersion: is required"),
        ("{apiVersion: kefu.dev/v1alpha1, kind: Chatbot}", "did you mean ChatbotDeployment?"),
        ("{apiVersion: kefu.dev/v1alpha1, kind: VideoModel}", 'must be KnowledgeIndex or ChatbotDeployment, got "VideoModel"'),
        ("{apiVersion: v1, kind: KnowlegeIndex}", "kind: must be KnowledgeIndex with apiVersion kefu.dev/v1alpha1"),
        ("{apiVersion: apps/v1, kind: KnowledgeIndex}", 'apiVersion: must be kefu.dev/v1alpha1, got "apps/v1"'),
    ],
)  # fmt: skip
def test_a_wrong_head_is_an_error(head: str, message: str) -> None:
    lines = said(head)
    assert any(message in line and ": error: " in line for line in lines), lines


def test_foreign_kinds_are_reported_and_not_judged() -> None:
    [line] = said("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: 1}")
    assert line.startswith("shop.yaml:1: warning: Deployment/web: Deployment of apps/v1 is not read by Kefu")


def test_the_same_object_twice_is_an_error() -> None:
    assert "metadata.name: the same object is given twice" in said(CONFIG_MAP, CONFIG_MAP)[0]
    assert said(CONFIG_MAP, CONFIG_MAP.replace("shop-faq", "other")) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("data: {a: 1}", "data.a: must be text: put it in quotes"),
        ("data: {a b: x}", "data.a b: the key must be letters"),
        ("data: [a]", "data: must be an object of keys and texts"),
        ("dat: {a: x}", "dat: unknown field"),
        ("binaryData: {a: 中}", "binaryData.a: must be base64: encode it"),
        ("data: {a: x}\nbinaryData: {a: eA==}", "binaryData.a: the key is in data as well"),
        (f"data: {{a: {'x' * 1_048_577}}}", "holds 1048577 bytes, more than 1048576"),
    ],
)
def test_config_maps_are_judged(body: str, message: str) -> None:
    lines = said(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{body}")
    assert any(message in line for line in lines), lines


def test_secrets_are_judged_and_never_shown() -> None:
    text = """\
        apiVersion: v1
        kind: Secret
        metadata: {name: Upper}
        data: {a: pass!word, b: 12345678}
        stringData: {c: 87654321}
    """
    lines = said(textwrap.dedent(text))
    assert [line.split(": ", 3)[3] for line in lines] == [
        "metadata.name: must be lower-case letters, digits, inner '-' and '.' (a DNS subdomain)",
        "data.a: must be base64: write it as plain text under stringData",
        "data.b: must be text: put it in quotes, or start a block of text with |",
        "stringData.c: must be text: put it in quotes, or start a block of text with |",
    ]


def test_passwords_in_urls_and_secrets_in_references_are_not_repeated() -> None:
    endpoint = "  engine: {endpoint: {url: 'http://me:hunter2@llm:80', model: m, apiKeySecret: sk-hunter2}}\n"
    lines = said(CHATBOT + endpoint + "  access: {apiKeysSecret: {name: SK-hunter2}}\n")
    assert len(lines) == 3
    assert not any("hunter2" in line for line in lines)


def test_long_values_are_shortened() -> None:
    [line] = [line for line in said(CHATBOT.replace("hf://Qwen/Qwen3-8B", "x" * 5000)) if "model.uri" in line]
    assert len(line) < 300
    assert line.endswith("… (5002 characters)")


def test_plain_mappings_are_judged_without_places() -> None:
    [found] = check(
        [{"apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "x"}, "spec": {}}]
    )
    assert (found.file, found.line, found.field, found.severity) == ("", 0, "spec.sources", "error")
