"""Runs operations: finds their documents, executes them, and encodes their responses."""
