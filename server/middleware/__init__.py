"""The ASGI middlewares around the whole app."""
