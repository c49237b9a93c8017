"""What the API server can do."""

import re

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.client.client import Client

IMAGE_VOLUMES = (1, 35)
"""First version whose pods mount images without a feature gate (KEP-4639)."""


def needs_image_volumes(chatbot: ChatbotDeployment) -> bool:
    """Whether its model is an image."""
    return chatbot.spec.model is not None and chatbot.spec.model.uri.startswith("oci://")


async def has_image_volumes(client: Client) -> bool:
    """Whether pods can mount images.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    told = await client.request("get", "/version")
    major, minor = (re.match(r"[0-9]+", str(told.get(part, ""))) for part in ("major", "minor"))
    return (int(major[0]), int(minor[0])) >= IMAGE_VOLUMES if major and minor else False
