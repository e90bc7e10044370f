"""Holds the dialects of transcript files: each module has one, called `DIALECT`, and nothing else needs to name it."""
