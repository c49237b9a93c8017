{{- define "kefu.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}-operator
{{- end }}

{{- define "kefu.webhook.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}-webhook
{{- end }}

{{/* Whether cert-manager makes the webhook's certificate: where it is there, unless a value says otherwise. */}}
{{- define "kefu.webhook.certManager" -}}
{{- if or (eq .Values.webhook.certManager "Always") (and (eq .Values.webhook.certManager "IfPresent") (.Capabilities.APIVersions.Has "cert-manager.io/v1")) -}}
true
{{- end -}}
{{- end }}

{{- define "kefu.webhook.selector" -}}
app.kubernetes.io/name: kefu-webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kefu.webhook.labels" -}}
{{ include "kefu.webhook.selector" . }}
{{ include "kefu.common" . }}
{{- end }}

{{- define "kefu.selector" -}}
app.kubernetes.io/name: kefu-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kefu.labels" -}}
{{ include "kefu.selector" . }}
{{ include "kefu.common" . }}
{{- end }}

{{- define "kefu.common" -}}
app.kubernetes.io/part-of: kefu
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/*
The reference of an image: dict "root" $ "role" "milvusLite" "name" "milvus-lite". One that holds an engine has a tag of its own, so
that an upgrade of the chart ends no engine's pods whose image it leaves as it is.
*/}}
{{- define "kefu.image" -}}
{{- $images := .root.Values.images -}}
{{- $own := index $images .role -}}
{{- if $own -}}{{ $own }}{{- else -}}
{{- $engines := .root.Files.Get "files/engine-images.yaml" | fromYaml -}}
{{ $images.registry }}/{{ .name }}:{{ coalesce (get $engines .name) $images.tag .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* What the operator may do to the objects of one namespace, and nothing more. */}}
{{- define "kefu.rules" -}}
# The user's objects are only read; what Kefu tells of them goes to their status.
- apiGroups: [kefu.dev]
  resources: [chatbotdeployments, knowledgeindexes]
  verbs: [get, list, watch]
# A finalizer, and nothing else, on indexes that are to be taken out of a store of somebody else's when they go.
- apiGroups: [kefu.dev]
  resources: [knowledgeindexes]
  verbs: [patch]
- apiGroups: [kefu.dev]
  resources: [chatbotdeployments/status, knowledgeindexes/status]
  verbs: [patch]
# What Kefu makes: server-side apply needs create and patch.
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services, configmaps, persistentvolumeclaims]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
# Where KEDA is installed, it scales engines.
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch, create, patch, delete]
# Where the Milvus operator is installed, it runs the stores of indexes that ask for that.
- apiGroups: [milvus.io]
  resources: [milvuses]
  verbs: [get, list, watch, create, patch, delete]
# Where LeaderWorkerSet is installed, it runs engines over several nodes.
- apiGroups: [leaderworkerset.x-k8s.io]
  resources: [leaderworkersets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# Releases are made once and never changed.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, delete]
# Secrets are made once with a random value and never read: no get, no list, no watch.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
# Why a pod is not ready. An annotation has its kubelet bring a changed document at once instead of within a minute.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [list, create, patch]
# Whether another release of Kefu writes in the same namespaces: each has a Lease.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [list]
{{- end }}
