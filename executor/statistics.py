"""What became of inputs and of the values of root fields, counted in this process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Values of root fields, but for leaves, and inputs. They only grow."""

    taken: int = 0
    """Completed here."""
    handed_back: int = 0
    """Begun here, then completed by graphql-core from the start, because of a surprise."""
    left: int = 0
    """Left to graphql-core, because what was asked of them is not done here (introspection, @defer, @stream)."""
    inputs_handed_back: int = 0
    """Variables of an operation, or arguments of a root field: left to graphql-core and Strawberry, because of a surprise."""


counts = Counts()
"""Those of this process."""
