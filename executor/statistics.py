"""Counters of what the executor did and what it left to graphql-core, in this process."""

from dataclasses import dataclass


@dataclass(slots=True)
class ExecutionCounts:
    """Counts the values of root fields (those with subfields) and the inputs. The counters only grow."""

    completed: int = 0
    """Counts values that this executor completed."""
    fell_back: int = 0
    """Counts values that this executor began and graphql-core completed from the start: something was wrong or unusual."""
    delegated: int = 0
    """Counts values that graphql-core completed at once: the document asks for something that this executor never does."""
    inputs_fell_back: int = 0
    """Counts the variables of an operation, and the arguments of a root field, that graphql-core and Strawberry prepared:
    something was wrong or unusual."""


execution_counts = ExecutionCounts()
"""The counters of this process."""
