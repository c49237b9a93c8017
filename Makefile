# Every target says in one line what it is for; `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

KEFU_CACHE ?= $(HOME)/.cache/kefu
KEFU_CLUSTER ?= native
# llama.cpp for newer CPUs, where `make tools` has compiled it; empty: its wheel.
KEFU_ENGINE_BUILDS ?= $(KEFU_CACHE)/engines/current
export KEFU_CACHE KEFU_CLUSTER KEFU_ENGINE_BUILDS
PATH := $(KEFU_CACHE)/bin/uv:$(PATH)
export PATH
# The tests start hundreds of Python processes: without bytecode each of them compiles its packages anew, for two seconds.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
PYTEST := $(PY) -m pytest
# Most integration tests wait more than they compute; a file's tests stay together, and with them the servers they share. Files
# are taken in the order of tests/integration/conftest.py.
PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder
MODELS := qwen2.5-coder-1.5b encoder
TEST_MODELS := $(MODELS) qwen2.5-coder-0.5b reranker reranker-tokenizer

##@ Try it
.PHONY: demo demo-cluster demo-cluster-down eval
demo: .venv/.ready ## Serve examples/shop on this machine and ask it three questions (KEEP=1 keeps it running)
	$(PY) -m hack.demo local $(if $(KEEP),--keep)

demo-cluster: .venv/.ready ## The same through `helm install` and `kubectl apply` on a real Kubernetes
	$(PY) -m hack.stack demo

demo-cluster-down: .venv/.ready ## Remove the cluster that demo-cluster made
	$(PY) -m hack.stack down

eval: .venv/.ready ## Ask the golden questions of examples/shop and print recall, right facts, refusals and latency
	$(PY) -m hack.demo eval

##@ Change it
.PHONY: setup crds images tags models lock cluster-up cluster-down format
setup: .venv/.ready ## Install the development environment into .venv

.venv/.ready: requirements/dev.txt $(wildcard */pyproject.toml) hack/venv.sh
	hack/venv.sh

crds: .venv/.ready ## Write crds/*.yaml, the chart's copies and docs/reference/api.md from the models
	$(PY) -m kefu_api.crd write
	$(PY) -m kefu_api.crd write charts/kefu/files/crds

images: .venv/.ready ## Build every image from its Containerfile with buildah or Docker, and llama.cpp for newer CPUs before
	$(PY) -m hack.engines
	$(PY) -m hack.images build

tags: .venv/.ready ## Write the tags of engines' images, which are what they hold, into the chart
	$(PY) -m hack.images tags

models: .venv/.ready ## Fetch the models that demo and tests use, verified by SHA-256
	$(PY) -m hack.models fetch $(TEST_MODELS)

lock: .venv/.ready ## Resolve requirements/*.txt anew (UPGRADE=1 takes the newest versions)
	$(PY) -m hack.lock $(if $(UPGRADE),--upgrade)
	$(PY) -m hack.images tags

cluster-up: .venv/.ready ## Start the development cluster (KEFU_CLUSTER=native|kind|current)
	$(PY) -m hack.cluster up

cluster-down: .venv/.ready ## Stop the development cluster and remove all it left
	$(PY) -m hack.cluster down

format: .venv/.ready ## Format the code
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

##@ Prove it
.PHONY: test lint test-unit test-integration test-e2e test-scaling test-nodes test-milvus test-lws bench bench-operator chaos-operator bench-retrieval tools
test: lint test-unit test-integration test-e2e ## Everything below, in order

lint: .venv/.ready ## Style, types, import layers, and that generated files are up to date
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m kefu_api.crd check
	$(PY) -m hack.images tags --check

test-unit: .venv/.ready ## Pure code, seconds
	$(PYTEST) $(PARALLEL) tests/unit

test-integration: .venv/.ready tools models ## Real API server, Milvus, Redis, llama.cpp and Chromium on loopback
	$(PYTEST) $(PARALLEL) tests/integration

test-e2e: .venv/.ready tools models ## Real pods on a real node: the whole way from YAML to answer
	$(PYTEST) tests/e2e

test-scaling: .venv/.ready tools models ## Real KEDA, metrics-server and Prometheus: an engine from one pod to two, none and back
	$(PY) -m hack.cluster build --only keda --only metrics-server
	KEFU_CLUSTER_WITH="keda metrics-server" $(PYTEST) -s tests/e2e/test_scaling.py

test-nodes: .venv/.ready tools models ## One real vLLM in two pods with adapters: loses pods, changes over to a real LeaderWorkerSet
	$(PY) -m hack.cluster build --only lws
	KEFU_TEST_NODES=1 $(PYTEST) -s tests/e2e/test_vllm_nodes.py

test-milvus: .venv/.ready tools models ## The real Milvus operator: an index with a managed store made, searched, deleted, taken up again
	$(PY) -m hack.cluster build --only milvus-operator
	KEFU_TEST_MILVUS=1 $(PYTEST) -s tests/e2e/test_milvus_operator.py

test-lws: .venv/.ready tools ## Engines over several nodes by the real controller of LeaderWorkerSets
	$(PY) -m hack.cluster build --only lws
	KEFU_TEST_LWS=1 $(PYTEST) tests/integration/test_controller/test_lws.py

bench: .venv/.ready tools models ## Benchmarks against named peers; writes docs/benchmarks.md
	$(PY) -m tests.benchmarks

bench-operator: .venv/.ready tools ## The operator beside a client-go controller that does the same writes (CHATBOTS=1000)
	$(PY) -m hack.cluster build --only bench
	$(PY) -m tests.benchmarks.operator --chatbots $(or $(CHATBOTS),1000)

bench-retrieval: .venv/.ready models ## The retrieval service's part of it: overhead, quality, growth, publishing, kills
	$(PY) -m tests.benchmarks $(addprefix retrieval-,orchestration quality graph ingestion publishing kills away)

chaos-operator: .venv/.ready tools ## Kill 1,000 operators between two writes each (POINTS=, SEED=)
	KEFU_CHAOS_POINTS=$(or $(POINTS),1000) KEFU_CHAOS_SEED=$(or $(SEED),4) $(PYTEST) -s tests/integration/test_controller/test_chaos.py

tools: .venv/.ready ## Build Kubernetes, etcd, CoreDNS, Helm and llama.cpp into the cache and install Debian packages (once)
	$(PY) -m hack.packages
	$(PY) -m hack.engines
	$(PY) -m hack.cluster build
	$(PY) -m hack.cluster build --only versitygw

##@ Help
.PHONY: help clean
clean: ## Remove what was built inside the checkout (caches outside stay)
	rm -rf .venv .kefu .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} /^[a-z][a-z0-9-]*:.*## / {printf "  \033[36m%-20s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
