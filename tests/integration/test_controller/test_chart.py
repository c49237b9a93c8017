"""The chart: what it installs is what it promises."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu_operator.desired.network import Network
from kefu_operator.leadership.releases import LABELS
from kefu_operator.naming import WATCHED
from kefu_operator.plan.settings import ModelVolumes
from kefu_operator.settings import load
from kefu_operator.webhook.__main__ import place
from tests.integration.test_controller.chart import CHART, SPACE, helm, images, is_webhooks, released, rendered
from tests.integration.test_controller.cluster import Cluster


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [found for found in objects if found["kind"] == kind]


def operators(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for found in objects if not is_webhooks(found)]


def test_helm_lint_finds_nothing() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_operator_reads_the_tables_that_the_chart_mounts(tmp_path: Any) -> None:
    config_map = of_kind(
        rendered('images.registry="r.example/k"', 'images.gateway="g:1"', 'modelHub={"endpoint":"http://m","allowHttp":true}',
                 'modelVolumes={"storageClass":"nfs","shared":true}',
                 'networkPolicies={"scrapers":[{"namespaceSelector":{"matchLabels":{"a":"b"}}}],"apiServer":[]}',
                 'accelerators={"ours":{"resource":"nvidia.com/gpu","nodeSelector":{"a":"b"},"memory":"40Gi","perNode":4},"t4":null}', 'imagePullSecrets=["pull"]'),
        "ConfigMap",
    )[0]  # fmt: skip
    path = tmp_path / "config.yaml"
    path.write_text(config_map["data"]["config.yaml"])
    settings = load({"KEFU_CONFIG": str(path)})
    assert settings.images.reference("milvusLite") == "r.example/k/milvus-lite:0.1.0"
    assert settings.images.reference("gateway") == "g:1"
    assert settings.images.pull_secrets == ("pull",)
    assert (settings.plan.hub_endpoint, settings.plan.allow_http) == ("http://m", True)
    assert settings.plan.volumes == ModelVolumes("nfs", shared=True)
    ours, h100 = settings.plan.accelerators["ours"], settings.plan.accelerators["h100"]
    assert (ours.node_selector, ours.memory, ours.fp8, ours.per_node) == ({"a": "b"}, 40 * 2**30, False, 4)
    assert (h100.memory, h100.fp8, h100.per_node) == (81_559 * 2**20, True, 8)
    assert settings.network == Network(scrapers=({"namespaceSelector": {"matchLabels": {"a": "b"}}},), api_server=())
    assert "nvidia" in settings.plan.accelerators
    assert "t4" not in settings.plan.accelerators


@pytest.mark.parametrize("settings", [(), ('images.tag="nightly"',)], ids=["the chart's tag", "a tag of one's own"])
def test_images_of_engines_are_tagged_by_what_they_hold_at_every_version(
    settings: tuple[str, ...], tmp_path: Path
) -> None:
    before, after = (images(released(version, tmp_path), *settings) for version in ("1.0.0", "1.1.0"))
    engines = yaml.safe_load((CHART / "files" / "engine-images.yaml").read_text())
    for role, name in (("llamaCpp", "llamacpp"), ("vllmCpu", "vllm-cpu")):
        assert before.reference(role) == after.reference(role) == f"kefu.local/{name}:{engines[name]}"
    for version, found in (("1.0.0", before), ("1.1.0", after)):
        assert found.reference("gateway") == f"kefu.local/gateway:{'nightly' if settings else version}"


def test_an_engines_image_may_be_named_in_full() -> None:
    assert images(CHART, 'images.llamaCpp="registry.example/llamacpp:ours"').reference("llamaCpp").endswith(":ours")


def test_no_right_is_a_wildcard_and_secrets_can_only_be_created() -> None:
    rules = of_kind(operators(rendered()), "ClusterRole")[0]["rules"]
    assert not any("*" in values for rule in rules for values in rule.values())
    secrets = [rule["verbs"] for rule in rules if "secrets" in rule["resources"]]
    assert secrets == [["create"]]


def test_with_a_list_of_namespaces_the_operator_has_rights_in_these_alone() -> None:
    objects = operators(rendered('watchNamespaces=["acme","outlet"]'))
    spaces = [found["metadata"]["namespace"] for found in of_kind(objects, "RoleBinding")]
    assert sorted(spaces) == ["acme", "kefu-system", "outlet"]
    assert of_kind(objects, "ClusterRoleBinding") == []
    deployment = of_kind(objects, "Deployment")[0]
    env = {each["name"]: each["value"] for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert load(env | {"KEFU_CONFIG": ""}).namespaces == ("acme", "outlet")


def test_the_operator_holds_the_lease_that_it_has_the_right_to() -> None:
    objects = operators(rendered())
    deployment = of_kind(objects, "Deployment")[0]
    env = {each["name"]: each["value"] for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    lease = load(env | {"KEFU_CONFIG": ""}).lease
    role = next(found for found in of_kind(objects, "Role") if found["metadata"]["name"].endswith("-lease"))
    assert lease is not None
    assert (lease.namespace, [lease.name]) == (role["metadata"]["namespace"], role["rules"][1]["resourceNames"])


def test_a_releases_lease_tells_others_whose_and_where_it_is() -> None:
    for values, watched in ((), ""), (('watchNamespaces=["acme","outlet"]',), "acme,outlet"):
        (lease,) = of_kind(rendered(*values), "Lease")
        assert set(LABELS.split(",")) <= {f"{label}={value}" for label, value in lease["metadata"]["labels"].items()}
        assert lease["metadata"]["annotations"] == {WATCHED: watched}


def test_a_second_operator_stands_by_on_another_node_where_there_is_one_and_a_drain_leaves_one_of_them() -> None:
    objects = operators(rendered())
    (deployment,), (budget,) = of_kind(objects, "Deployment"), of_kind(objects, "PodDisruptionBudget")
    assert deployment["spec"]["replicas"] == 2
    (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    alone = operators(rendered("operator.replicas=1"))
    assert of_kind(alone, "PodDisruptionBudget") == []
    assert "topologySpreadConstraints" not in of_kind(alone, "Deployment")[0]["spec"]["template"]["spec"]


def test_the_webhook_may_list_what_it_judges_by_and_write_its_own_certificate_alone() -> None:
    objects = [found for found in rendered() if is_webhooks(found)]
    roles = {found["metadata"]["name"]: found["rules"] for found in objects if found["kind"] in ("Role", "ClusterRole")}
    assert {verb for rule in roles["kefu-webhook"] for verb in rule["verbs"]} == {"list"}
    assert [(rule["resourceNames"], rule["verbs"]) for rule in roles["kefu-webhook-tls"]] == [
        (["kefu-webhook-tls"], ["get", "update"])
    ]
    (own,) = of_kind(objects, "ValidatingWebhookConfiguration")
    (rule,) = roles[f"{SPACE}.kefu-webhook-tls"]
    assert (rule["resourceNames"], rule["verbs"]) == ([own["metadata"]["name"]], ["get", "patch"])
    deployment = of_kind(objects, "Deployment")[0]
    env = {each["name"]: each["value"] for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    named = place(env)
    assert (named.secret, named.configuration) == ("kefu-webhook-tls", own["metadata"]["name"])
    service = own["webhooks"][0]["clientConfig"]["service"]
    assert named.names[0] == f"{service['name']}.{service['namespace']}.svc"


def test_the_webhooks_absence_harms_nothing_and_one_of_two_stays() -> None:
    objects = [found for found in rendered() if is_webhooks(found)]
    (hook,) = of_kind(objects, "ValidatingWebhookConfiguration")[0]["webhooks"]
    assert (hook["failurePolicy"], hook["sideEffects"]) == ("Ignore", "None")
    assert hook["timeoutSeconds"] <= 3
    assert of_kind(objects, "Deployment")[0]["spec"]["replicas"] == 2
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert (budget["spec"]["maxUnavailable"], budget["spec"]["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_the_webhook_can_be_left_out() -> None:
    assert [found for found in rendered("webhook.enabled=false") if is_webhooks(found)] == []


def test_volumes_are_guarded_where_the_operator_watches_and_need_not_be() -> None:
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    everywhere = rendered()
    (policy,), (binding,) = (of_kind(everywhere, kind) for kind in kinds)
    assert policy["spec"]["failurePolicy"] == "Ignore"
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    (binding,) = of_kind(rendered('watchNamespaces=["acme"]'), kinds[1])
    (wanted,) = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert wanted == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["acme"]}
    assert not [found for found in rendered("modelVolumes.guarded=false") if found["kind"] in kinds]


def test_cert_manager_makes_the_certificate_where_it_is() -> None:
    objects = rendered('webhook.certManager="Always"')
    (certificate,) = of_kind(objects, "Certificate")
    assert certificate["spec"]["secretName"] == "kefu-webhook-tls"
    assert not [found for found in of_kind(objects, "Secret") if is_webhooks(found)]
    (own,) = of_kind(objects, "ValidatingWebhookConfiguration")
    assert own["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == f"{SPACE}/kefu-webhook"
    assert of_kind(rendered(), "Certificate") == []


def test_the_crds_stay_when_the_release_goes_and_can_be_left_out() -> None:
    crds = of_kind(rendered(), "CustomResourceDefinition")
    assert len(crds) == 2
    assert all(found["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for found in crds)
    assert of_kind(rendered("crds.install=false"), "CustomResourceDefinition") == []


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("images.nope=1", "images"),
        ('imagePullPolicy="Sometimes"', "imagePullPolicy"),
        ("operator.workers=0", "workers"),
        ('accelerators.h100.memory="80GB"', "memory"),
        ("operator.replicas=0", "replicas"),
        ('networkPolicies.scrapers=[{"namespace":"monitoring"}]', "scrapers"),
    ],
)
def test_a_value_that_the_chart_does_not_know_is_refused(setting: str, field: str) -> None:
    done = helm("template", "kefu", str(CHART), "--set-json", setting)
    assert done.returncode != 0
    assert field in done.stderr


def test_the_operators_pod_is_let_in_by_the_strictest_pod_security(cluster: Cluster) -> None:
    level = "pod-security.kubernetes.io/enforce=restricted"
    cluster.run("label", "namespace", cluster.namespace, level)
    template = of_kind(rendered(), "Deployment")[0]["spec"]["template"]
    spec = {name: value for name, value in template["spec"].items() if name != "serviceAccountName"}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": spec})
