"""The API of Kefu: the kinds, the documents the operator writes and services read, and the wire models between services.

Everything that two members share stands here, and nothing else does: members import this package and never one another.
"""

GROUP = "kefu.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
