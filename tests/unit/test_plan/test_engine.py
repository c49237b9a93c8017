from dataclasses import replace
from typing import Any

import pytest

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.model import ModelSource
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.errors import EngineDoesNotFit, ImageVolumesMissing, LocalOnly, UnknownAccelerator
from kefu_operator.plan.model_files import model_files
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.sharing import share_engines
from kefu_operator.plan.workload import ClaimMount, DocumentMount, ImageMount, SecretMount, VolumeMount, Workload
from tests.unit.test_plan.objects import chatbot

PLACE = ClusterPlacement("acme")
GGUF = "hf://Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def engine_of(spec: dict[str, Any], settings: PlanSettings | None = None) -> Workload:
    workload = plan_chatbot(chatbot(spec), PLACE, settings or PlanSettings()).engine.workload
    assert workload is not None
    return workload


def test_equal_model_and_settings_share_one_engine() -> None:
    one = chatbot({"persona": {"name": "A"}}, name="one")
    two = chatbot({"persona": {"name": "B"}}, name="two")
    assert engine_name("one", one.spec) == engine_name("two", two.spec)


def test_replicas_do_not_make_another_engine() -> None:
    assert engine_name("a", chatbot().spec) == engine_name("a", chatbot({"engine": {"replicas": 3}}).spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"model": {"uri": "hf://Qwen/Qwen3-4B"}},
        {"model": {"uri": "hf://Qwen/Qwen3-8B", "revision": "v2"}},
        {"engine": {"vllm": {"maxModelLen": 4096}}},
        {"engine": {"accelerator": {"class": "h100"}}},
    ],
)
def test_another_model_or_setting_is_another_engine(spec: dict[str, Any]) -> None:
    assert engine_name("a", chatbot().spec) != engine_name("a", chatbot(spec).spec)


def test_an_endpoint_runs_nothing_and_mounts_its_key_in_the_gateway() -> None:
    endpoint = {"url": "https://llm.example/api", "model": "m", "apiKeySecret": {"name": "llm", "key": "token"}}
    plan = plan_chatbot(chatbot({"model": None, "engine": {"endpoint": endpoint}}), PLACE, PlanSettings())
    assert plan.engine.workload is None
    assert plan.release.engine.api_key_file == "/etc/kefu/engine-key-f4e26b76/token"
    assert (
        SecretMount("engine-key-f4e26b76", "/etc/kefu/engine-key-f4e26b76", "llm", "token")
        in plan.gateway.container.mounts
    )


def test_llama_cpp_reads_the_file_that_the_fetch_step_writes() -> None:
    engine = engine_of({"model": {"uri": GGUF, "sha256": "a" * 64}, "engine": {"llamaCpp": {}}})
    (fetch,) = engine.steps
    folder = fetch.command[fetch.command.index("--into") + 1]
    model = engine.container.command[engine.container.command.index("--model") + 1]
    assert model == f"{folder}/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    assert fetch.command[fetch.command.index("--sha256") + 1] == "a" * 64


def test_a_snapshot_is_served_from_its_folder() -> None:
    files = model_files(ModelSource(uri="hf://Qwen/Qwen3-8B"), "engine-x", PLACE, PlanSettings())
    assert files.path == "/var/lib/kefu/model"


def test_a_claim_is_mounted_and_nothing_is_fetched() -> None:
    files = model_files(ModelSource(uri="pvc://weights/qwen/8b"), "engine-x", PLACE, PlanSettings())
    assert files.steps == ()
    assert files.mounts == (ClaimMount("model", "/etc/kefu/model", "weights"),)
    assert files.path == "/etc/kefu/model/qwen/8b"


def test_a_local_file_is_refused_in_a_cluster() -> None:
    with pytest.raises(LocalOnly, match=r"spec\.model\.uri"):
        model_files(ModelSource(uri="file:///models/a.gguf"), "engine-x", PLACE, PlanSettings())


def test_the_hub_token_travels_as_a_file() -> None:
    source = ModelSource(uri="hf://meta/gated", token_secret={"name": "hub", "key": "token"})  # type: ignore[arg-type]
    (fetch,) = model_files(source, "engine-x", PLACE, PlanSettings()).steps
    assert fetch.env["HF_TOKEN_PATH"] == "/etc/kefu/hub-token/token"


def test_a_bucket_is_read_with_its_keys_as_files() -> None:
    keys = {
        name: {"name": "store", "key": key} for name, key in (("accessKeySecret", "id"), ("secretKeySecret", "key"))
    }
    server = {"endpoint": "http://minio.storage:9000", "region": "cn-north-1", **keys}
    source = ModelSource.model_validate({"uri": "s3://models/qwen3-8b/", "s3": server})
    files = model_files(source, "engine-x", PLACE, PlanSettings())
    (fetch,) = files.steps
    assert files.path == "/var/lib/kefu/model"
    assert fetch.env == {
        "S3_ENDPOINT": "http://minio.storage:9000",
        "S3_REGION": "cn-north-1",
        "S3_ACCESS_KEY_PATH": "/etc/kefu/s3-access-key/id",
        "S3_SECRET_KEY_PATH": "/etc/kefu/s3-secret-key/key",
    }


def test_one_object_of_a_bucket_is_served_by_its_name() -> None:
    source = ModelSource.model_validate({"uri": "s3://m-1/a/q4.gguf", "s3": {"endpoint": "https://s3.example"}})
    assert model_files(source, "engine-x", PLACE, PlanSettings()).path == "/var/lib/kefu/model/q4.gguf"


def test_an_image_is_mounted_and_nothing_is_fetched() -> None:
    source = ModelSource.model_validate({"uri": "oci://r.example/models/q4:v1", "path": "models/q4.gguf"})
    files = model_files(source, "engine-x", PLACE, PlanSettings())
    assert files.steps == ()
    assert files.mounts == (ImageMount("model", "/etc/kefu/model", "r.example/models/q4:v1"),)
    assert files.path == "/etc/kefu/model/models/q4.gguf"


def test_an_image_is_refused_where_the_cluster_cannot_mount_it() -> None:
    with pytest.raises(ImageVolumesMissing, match=r"from 1\.35"):
        model_files(ModelSource(uri="oci://r.example/m:1"), "e", PLACE, PlanSettings(image_volumes=False))


def test_the_engine_reads_its_model_and_cannot_write_it() -> None:
    files = model_files(ModelSource(uri="hf://Qwen/Qwen3-8B"), "engine-x", PLACE, PlanSettings())
    (mount,) = files.mounts
    assert isinstance(mount, VolumeMount)
    assert mount.read_only
    assert not any(m.read_only for m in files.steps[0].mounts if isinstance(m, VolumeMount))


def test_a_mirror_of_the_hub_is_passed_on() -> None:
    settings = PlanSettings(hub_endpoint="http://mirror:8099", allow_http=True)
    (fetch,) = engine_of({}, settings).steps
    assert fetch.env == {"HF_ENDPOINT": "http://mirror:8099", "KEFU_ALLOW_HTTP": "1"}


def test_an_accelerator_class_becomes_devices_and_node_constraints() -> None:
    h100 = AcceleratorClass("nvidia.com/gpu", {"gpu": "h100"}, ({"key": "gpu", "operator": "Exists"},))
    engine = engine_of(
        {"engine": {"accelerator": {"class": "h100", "count": 2}, "vllm": {"tensorParallel": 2}}},
        PlanSettings(accelerators={"h100": h100}),
    )
    assert engine.container.image == "vllm"
    assert engine.container.compute.devices == {"nvidia.com/gpu": 2}
    assert engine.node_selector == {"gpu": "h100"}
    assert engine.tolerations == ({"key": "gpu", "operator": "Exists"},)
    assert "--enforce-eager" not in engine.container.command


def test_an_unknown_accelerator_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownAccelerator, match=r"'b300'.*a100, h100"):
        engine_of(
            {"engine": {"accelerator": {"class": "b300"}}},
            PlanSettings(accelerators={"h100": AcceleratorClass("x"), "a100": AcceleratorClass("x")}),
        )


def test_vllm_without_an_accelerator_runs_its_cpu_build() -> None:
    assert engine_of({}).container.image == "vllmCpu"


@pytest.mark.parametrize(("cpu", "threads"), [(None, "2"), ("500m", "2"), ("3500m", "4"), (8, "8")])
def test_vllm_on_cpus_has_a_thread_for_each_core_and_binds_none(cpu: str | int | None, threads: str) -> None:
    engine = engine_of({"engine": {"resources": {"cpu": cpu}}} if cpu else {})
    assert engine.container.env["OMP_NUM_THREADS"] == threads
    assert engine.container.env["VLLM_CPU_OMP_THREADS_BIND"] == "nobind"


H100 = AcceleratorClass("nvidia.com/gpu", memory=81_559 * 2**20, fp8=True, per_node=8)
WITH_H100 = PlanSettings(accelerators={"h100": H100})


def test_a_dedicated_engine_is_shared_with_nobody_and_keeps_its_name() -> None:
    spec = chatbot({"engine": {"dedicated": True}}).spec
    names = {engine_name("one", spec), engine_name("two", spec), engine_name("one", chatbot().spec)}
    assert len(names) == 3
    assert engine_name("one", chatbot({"engine": {"dedicated": True, "replicas": 4}}).spec) in names


@pytest.mark.parametrize("engine", [{"vllm": {}}, {"vllm": {"prefixCaching": True, "args": []}}, {"dedicated": False}])
def test_a_default_that_is_written_out_makes_no_other_engine(engine: dict[str, Any]) -> None:
    assert engine_name("a", chatbot({"engine": engine}).spec) == engine_name("a", chatbot().spec)


def test_as_many_devices_are_asked_for_as_the_model_takes() -> None:
    engine = engine_of(
        {"model": {"uri": "hf://meta-llama/Llama-3.3-70B-Instruct"}, "engine": {"accelerator": {"class": "h100"}}},
        WITH_H100,
    )
    command = " ".join(engine.container.command)
    assert engine.container.compute.devices == {"nvidia.com/gpu": 2}
    assert "--tensor-parallel-size 2 --quantization fp8" in command


def test_what_cannot_fit_is_refused_with_its_reason() -> None:
    with pytest.raises(EngineDoesNotFit, match=r"does not fit 1 × h100.*accelerator\.count: 2") as caught:
        engine_of(
            {
                "model": {"uri": "hf://Qwen/Qwen2.5-72B-Instruct"},
                "engine": {"vllm": {"quantization": "none"}, "accelerator": {"class": "h100", "count": 1}},
            },
            WITH_H100,
        )
    assert caught.value.reason == "EngineDoesNotFit"


KEY = {"name": "store", "key": "secret"}
ADAPTERS: list[dict[str, Any]] = [
    {"name": "voice", "uri": "hf://acme/voice", "rank": 24},
    {"name": "outlet", "uri": "pvc://loras/outlet"},
]


def adapted(adapters: list[dict[str, Any]], name: str = "shop", **model: Any) -> ChatbotDeployment:
    return chatbot({"model": {"uri": "hf://a/b", "adapters": adapters, **model}}, name=name)


def listed(workload: Workload) -> dict[str, AdapterSource]:
    (companion,) = workload.companions
    (document,) = [mount for mount in companion.mounts if isinstance(mount, DocumentMount)]
    found = Adapters.model_validate_json(document.files["adapters.json"])
    return {adapter.name.rpartition("-")[0]: adapter for adapter in found.adapters}


def test_the_first_adapter_answers_and_all_are_loaded_by_a_companion() -> None:
    plan = plan_chatbot(adapted(ADAPTERS), PLACE, PlanSettings())
    assert plan.engine.workload is not None
    found = listed(plan.engine.workload)
    assert plan.release.engine.model == found["voice"].name
    assert (found["voice"].uri, found["voice"].path) == ("hf://acme/voice", None)
    assert (found["outlet"].path or "").startswith("/etc/kefu/adapters-")
    assert dict(plan.engine.adapters) == {found["voice"].name: "voice", found["outlet"].name: "outlet"}
    command = plan.engine.workload.container.command
    assert command[command.index("--max-lora-rank") + 1] == "32"
    assert "--lora-modules" not in command
    assert plan.engine.workload.container.env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"


def test_the_companion_talks_to_its_own_pod_and_never_to_the_service() -> None:
    workload = plan_chatbot(adapted(ADAPTERS), PLACE, PlanSettings()).engine.workload
    assert workload is not None
    command = workload.companions[0].command
    assert command[command.index("--engine") + 1] == "http://127.0.0.1:8000"


def test_the_companion_tells_whether_its_pod_may_be_asked() -> None:
    workload = plan_chatbot(adapted(ADAPTERS), PLACE, PlanSettings()).engine.workload
    assert workload is not None
    (companion,) = workload.companions
    (port,) = companion.ports
    assert companion.readiness is not None
    assert (companion.readiness.port, companion.readiness.path) == (port.name, "/readyz")
    assert " ".join(companion.command).endswith(
        f"--host 0.0.0.0 --readiness {port.number} --engine http://127.0.0.1:8000"
    )
    assert port.number != 8000


def test_keys_of_adapters_keep_no_pod_from_starting() -> None:
    server = {"endpoint": "https://s3.example", "accessKeySecret": KEY | {"key": "id"}, "secretKeySecret": KEY}
    workload = plan_chatbot(
        adapted([{"name": "voice", "uri": "s3://loras/voice/"}], s3=server), PLACE, PlanSettings()
    ).engine.workload
    assert workload is not None
    secrets = [mount for mount in workload.companions[0].mounts if isinstance(mount, SecretMount)]
    assert [mount.optional for mount in secrets] == [True, True]


def test_an_adapter_only_difference_is_one_more_adapter_in_the_same_engine() -> None:
    plain, voice = chatbot({"model": {"uri": "hf://a/b"}}, name="plain"), adapted(ADAPTERS[:1], "voice")
    both = adapted(ADAPTERS, "both")
    (engine,) = share_engines([plain, voice, both], PLACE, PlanSettings()).engines
    assert [found.metadata.name for found in engine.chatbots] == ["both", "plain", "voice"]
    assert sorted(listed(engine.workload)) == ["outlet", "voice"]
    assert plan_chatbot(plain, PLACE, PlanSettings()).release.engine.model == "chat"


def test_one_more_adapter_of_a_common_rank_restarts_nothing() -> None:
    def pod(*adapters: dict[str, Any]) -> tuple[Any, ...]:
        (engine,) = share_engines([adapted(list(adapters))], PLACE, PlanSettings()).engines
        (companion,) = engine.workload.companions
        mounts = [replace(m, files={}) if isinstance(m, DocumentMount) else m for m in companion.mounts]
        return engine.workload.container, companion.command, mounts

    more = {"name": "more", "uri": "hf://acme/more", "rank": 32}
    assert pod(ADAPTERS[0]) == pod(ADAPTERS[0], more)


def test_two_chatbots_may_call_different_adapters_by_one_name() -> None:
    one = adapted([{"name": "voice", "uri": "hf://acme/voice"}], "one")
    two = adapted([{"name": "voice", "uri": "hf://acme/voice", "revision": "v2"}], "two")
    (engine,) = share_engines([one, two], PLACE, PlanSettings()).engines
    (companion,) = engine.workload.companions
    (document,) = [mount for mount in companion.mounts if isinstance(mount, DocumentMount)]
    assert len(Adapters.model_validate_json(document.files["adapters.json"]).adapters) == 2
    names = {plan_chatbot(each, PLACE, PlanSettings()).release.engine.model for each in (one, two)}
    assert len(names) == 2


def test_an_adapter_in_a_bucket_shares_the_engine_of_a_model_that_is_elsewhere() -> None:
    server = {"endpoint": "https://s3.example", "accessKeySecret": KEY | {"key": "id"}, "secretKeySecret": KEY}
    voice = adapted([{"name": "voice", "uri": "s3://loras/voice/"}], s3=server)
    assert engine_name("a", voice.spec) == engine_name("a", chatbot({"model": {"uri": "hf://a/b"}}).spec)
    (engine,) = share_engines([voice], PLACE, PlanSettings()).engines
    source = listed(engine.workload)["voice"].server
    assert source is not None
    assert source.endpoint == "https://s3.example"
    files = {f"{m.path}/{m.key}" for m in engine.workload.companions[0].mounts if isinstance(m, SecretMount)}
    assert files == {source.access_key_file, source.secret_key_file}


def test_the_hubs_token_goes_to_what_comes_from_the_hub() -> None:
    model = {"uri": "hf://a/b", "tokenSecret": {"name": "hub", "key": "token"}, "adapters": ADAPTERS[:1]}
    engine = engine_of({"model": model})
    assert [step.env["HF_TOKEN_PATH"] for step in (*engine.steps, *engine.companions)] == [
        "/etc/kefu/hub-token/token",
        "/etc/kefu/hub-token/token",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quantization": "fp8"}, "--quantization fp8"),
        ({"speculative": {"ngram": {}}}, '"method": "ngram", "prompt_lookup_max": 4'),
        ({"speculative": {"draft": {"uri": "hf://a/small"}}}, '"model": "/var/lib/kefu/draft"'),
        ({"prefixCaching": False}, "--no-enable-prefix-caching"),
        ({"args": ["--max-num-seqs=8"]}, "--max-num-seqs=8"),
        ({"gpuMemoryUtilization": "0.7"}, "--gpu-memory-utilization 0.7"),
    ],
)
def test_an_option_becomes_words_of_the_command(options: dict[str, Any], words: str) -> None:
    spec = {"model": {"uri": "hf://a/b"}, "engine": {"vllm": options, "accelerator": {"class": "h100"}}}
    assert words in " ".join(engine_of(spec, WITH_H100).container.command)


@pytest.mark.parametrize("quantization", ["none", "int8", "awq", "gptq"])
def test_what_the_files_hold_is_left_to_vllm_to_find(quantization: str) -> None:
    options = {"vllm": {"quantization": quantization}, "accelerator": {"class": "h100"}}
    engine = engine_of({"model": {"uri": "hf://a/b"}, "engine": options}, WITH_H100)
    assert "--quantization" not in engine.container.command


def test_without_prefix_caching_the_gateway_warms_nothing() -> None:
    plan = plan_chatbot(chatbot({"engine": {"vllm": {"prefixCaching": False}}}), PLACE, PlanSettings())
    assert plan.release.engine.prefixes == "Forgotten"


def test_each_endpoint_has_its_own_key() -> None:
    fallbacks = [
        {"url": "http://plain:8000", "model": "small"},
        {"url": "https://b.example", "model": "b", "apiKeySecret": {"name": "b", "key": "k"}},
    ]
    azure = {
        "url": "https://a.openai.azure.com",
        "model": "gpt-4o",
        "azure": {"apiVersion": "2024-10-21"},
        "apiKeySecret": {"name": "a", "key": "k"},
        "fallbacks": fallbacks,
    }
    plan = plan_chatbot(chatbot({"model": None, "engine": {"endpoint": azure}}), PLACE, PlanSettings())
    target = plan.release.engine
    assert (target.model, target.azure_api_version, target.api_key_file) == (
        "gpt-4o", "2024-10-21", "/etc/kefu/engine-key-25ccb3f8/k",
    )  # fmt: skip
    assert [(each.model, each.azure_api_version, each.api_key_file) for each in target.fallbacks] == [
        ("small", None, None),
        ("b", None, "/etc/kefu/engine-key-d1b8ee17/k"),
    ]
    mounted = {mount.secret for mount in plan.gateway.container.mounts if isinstance(mount, SecretMount)}
    assert {"a", "b"} <= mounted


@pytest.mark.parametrize(
    ("uri", "layout"),
    [
        ("hf://meta-llama/Llama-3.3-70B-Instruct", "FP8 on 2 × h100, KV cache for about 228,000 tokens"),
        ("hf://acme/unknown", ""),
    ],
)
def test_people_are_told_what_was_chosen(uri: str, layout: str) -> None:
    spec = {"model": {"uri": uri}, "engine": {"accelerator": {"class": "h100"}}}
    assert plan_chatbot(chatbot(spec), PLACE, WITH_H100).engine.layout == layout
