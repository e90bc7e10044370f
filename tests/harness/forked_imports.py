"""Imports what commands need into the process that they are copies of, and leaves it out of each copy's garbage collector."""

import gc

import uvicorn.supervisors  # noqa: F401

import server.cli.backup
import server.cli.serve  # noqa: F401

gc.freeze()
