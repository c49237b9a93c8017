"""The embedded Milvus: Milvus Lite's server, behind a guard of its own, since it asks nobody who they are.

Imports nothing that the package milvus-lite does not bring, `kefu_api.token` aside.
"""
