"""What became of the values of root fields, counted in this process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Values of root fields, but for leaves. They only grow."""

    taken: int = 0
    """Completed here."""
    handed_back: int = 0
    """Begun here, then completed by graphql-core from the start, because of a surprise."""
    left: int = 0
    """Left to graphql-core, because what was asked of them is not done here (introspection, @defer, @stream)."""


counts = Counts()
"""Those of this process."""
