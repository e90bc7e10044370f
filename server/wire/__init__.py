"""Requests and answers as they stand on the wire, whatever the transport."""
