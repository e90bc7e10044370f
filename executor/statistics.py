"""What became of inputs and of the values of root fields, counted in this process."""

from dataclasses import dataclass


@dataclass(slots=True)
class ExecutionCounts:
    """Values of root fields, but for leaves, and inputs. They only grow."""

    completed: int = 0
    """Completed here."""
    fell_back: int = 0
    """Begun here, then completed by graphql-core from the start, because of a surprise."""
    delegated: int = 0
    """Left to graphql-core, because what was asked of them is not done here (introspection, @defer, @stream)."""
    inputs_fell_back: int = 0
    """Variables of an operation, or arguments of a root field: left to graphql-core and Strawberry, because of a surprise."""


execution_counts = ExecutionCounts()
"""Those of this process."""
