"""S3 servers: where they are, and who asks them."""

from typing import Annotated, ClassVar

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import Shape
from kefu_api.kinds.types import HttpUrl

Region = Annotated[str, Shape("must be a region such as eu-central-1", (r"^[a-z0-9-]+$",), max_length=64)]


class BucketServer(Ruled):
    """An S3 server."""

    RULES: ClassVar = (
        Rule(
            "has(self.accessKeySecret) == has(self.secretKeySecret)",
            lambda server: (server.access_key_secret is None) == (server.secret_key_secret is None),
            "accessKeySecret and secretKeySecret belong together: give both, or neither for a public bucket",
        ),
    )

    endpoint: HttpUrl
    """Address of the server, such as https://s3.eu-central-1.amazonaws.com or http://minio.storage:9000."""
    region: Region = "us-east-1"
    """Region of the bucket."""
    access_key_secret: SecretKeyReference | None = None
    """Secret key that holds the access key."""
    secret_key_secret: SecretKeyReference | None = None
    """Secret key that holds the secret key."""
