"""The ASGI app and the command line: settings, transports, health, logs. No business rules."""
