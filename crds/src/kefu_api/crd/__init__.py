"""From the models to what others read: CustomResourceDefinitions and the reference page.

`python -m kefu_api.crd --help` says how to write and check them.
"""
