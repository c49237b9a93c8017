"""The admission webhook: says at once what a schema cannot see. It runs in a Deployment of its own, and nothing needs it.

The operator judges the same and tells it as conditions; where the webhook is away, objects are accepted and the conditions tell.
"""
