"""The HTTP edge: raw ASGI, because a gateway's overhead is what stands between the engine and the customer."""
