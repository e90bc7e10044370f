"""Serves `/metrics` in the text format of Prometheus: the numbers of all processes of a server."""
