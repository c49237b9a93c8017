"""Every reason that a condition can have; `docs/troubleshooting.md` explains each. A reason never changes its meaning.

The reasons of a failed model fetch stand in `kefu_operator.fetch.reasons`, where they are made.
"""

from enum import StrEnum


class Reason(StrEnum):
    """CamelCase words for machines."""

    # All is well.
    READY = "Ready"
    RUNNING = "Running"
    ENDPOINT = "Endpoint"
    PUBLISHED = "Published"
    SOURCES_FOUND = "SourcesFound"
    EXTERNAL_STORE = "ExternalStore"
    EMBEDDED_STANDS_IN = "EmbeddedStandsIn"
    EVALUATED = "Evaluated"
    RERANKING = "Reranking"
    SETTLED = "Settled"
    ASLEEP = "Asleep"
    DEGRADED = "Degraded"
    SCALED_BY_KEDA = "ScaledByKeda"
    SCALED_BY_HPA = "ScaledByHpa"

    # Something is under way.
    CREATING = "Creating"
    STARTING = "Starting"
    MODEL_FETCHING = "ModelFetching"
    ENGINE_BUILDING = "EngineBuilding"
    ADAPTER_LOADING = "AdapterLoading"
    ROLLING_OUT = "RollingOut"
    BUILDING = "Building"
    WAITING_FOR_STORE = "WaitingForStore"
    EVALUATING = "Evaluating"
    FETCHING = "Fetching"
    PUBLISHING = "Publishing"
    REMOVING_FROM_STORE = "RemovingFromStore"

    # A pod fails.
    UNSCHEDULABLE = "Unschedulable"
    IMAGE_PULL_FAILED = "ImagePullBackOff"
    OUT_OF_MEMORY = "OOMKilled"
    CRASH_LOOP = "CrashLoopBackOff"
    CONTAINER_CONFIG = "ContainerConfigError"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 - a reason
    CLAIM_NOT_FOUND = "ClaimNotFound"
    CONFIG_MAP_NOT_FOUND = "ConfigMapNotFound"
    VOLUME_NOT_MOUNTED = "VolumeNotMounted"
    SCALED_TO_ZERO = "ScaledToZero"

    # Nothing scales the engine or the gateway, or not as it should.
    KEDA_NOT_INSTALLED = "KedaNotInstalled"
    LEADER_WORKER_SET_NOT_INSTALLED = "LeaderWorkerSetNotInstalled"
    PROMETHEUS_NOT_NAMED = "PrometheusNotNamed"
    METRICS_SERVER_NOT_INSTALLED = "MetricsServerNotInstalled"
    SCALER_FAILING = "ScalerFailing"
    SCALED_BY_OTHERS = "ScaledByOthers"

    # The engine refuses.
    ADAPTER_REFUSED = "AdapterRefused"
    ADAPTER_NOT_FETCHED = "AdapterNotFetched"
    ENGINE_BUILD_FAILED = "EngineBuildFailed"

    # The API server refuses.
    QUOTA_EXCEEDED = "QuotaExceeded"
    POD_REFUSED = "PodRefused"
    FORBIDDEN = "Forbidden"
    NAMESPACE_TERMINATING = "NamespaceTerminating"
    REJECTED = "Rejected"
    NAME_CONFLICT = "NameConflict"

    # The spec cannot be carried out here.
    INVALID_SPEC = "InvalidSpec"
    UNKNOWN_ACCELERATOR = "UnknownAccelerator"
    ENGINE_DOES_NOT_FIT = "EngineDoesNotFit"
    VOLUME_NOT_SHARED = "VolumeNotShared"
    MODEL_NOT_REACHABLE = "ModelNotReachable"

    # A release on its way to the customers.
    RELEASED = "Released"
    WAITING_FOR_ENGINE = "WaitingForEngine"
    WAITING_FOR_GATEWAYS = "WaitingForGateways"
    RELEASE_PROGRESSING = "ReleaseProgressing"
    RELEASE_PAUSED = "ReleasePaused"
    RELEASE_INCONCLUSIVE = "ReleaseInconclusive"
    PROMETHEUS_UNAVAILABLE = "PrometheusUnavailable"
    RELEASE_ROLLED_BACK = "ReleaseRolledBack"
    RELEASE_ABORTED = "ReleaseAborted"

    # Knowledge.
    INDEX_NOT_FOUND = "IndexNotFound"
    INDEX_NOT_READY = "IndexNotReady"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_NOT_FETCHED = "SourceNotFetched"
    MILVUS_OPERATOR_NOT_INSTALLED = "MilvusOperatorNotInstalled"
    MILVUS_UNHEALTHY = "MilvusUnhealthy"
    STORE_UNREACHABLE = "StoreUnreachable"
    DATABASE_MISSING = "DatabaseMissing"
    SOURCE_CHANGED = "SourceChanged"
    NOTHING_TO_INDEX = "NothingToIndex"
    EMBEDDING_FAILED = "EmbeddingFailed"
    TOO_MUCH_LOST = "TooMuchLost"
    INGESTION_FAILED = "IngestionFailed"
    INGESTION_TIMED_OUT = "IngestionTimedOut"
    QUESTIONS_NOT_FOUND = "QuestionsNotFound"
    QUESTIONS_INVALID = "QuestionsInvalid"
    GATES_FAILED = "GatesFailed"
    RERANKER_FAILING = "RerankerFailing"
    RERANKER_LATE = "RerankerLate"
    AWAITING_PUBLICATION = "AwaitingPublication"
    VERSION_NOT_FOUND = "VersionNotFound"
    VERSION_GONE = "VersionGone"
