"""The activations of an agent's variants, and the rollback to the previous one."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from domain.errors import Conflict
from domain.ids import VariantId


@dataclass(frozen=True, slots=True)
class Activation:
    """An event that made a variant active, or the base (`variant_id` None). An agent's creation is one, too."""

    version: int
    """The version of the agent that the event made."""
    variant_id: VariantId | None
    restored_version: int | None = None
    """The version of the activation that a rollback restored; None if the event was no rollback."""


def previous_activation(activations: Sequence[Activation], existing: Container[VariantId]) -> Activation:
    """Returns the activation that a rollback restores: each rollback goes one step further back.

    Activations form a stack: a rollback removes the top. The activation at which the history begins is at the bottom.
    Variants that were deleted since are skipped. `activations` are all those of an agent from its creation on, oldest first.
    Raises Conflict if there is nothing to go back to.
    """
    stack: list[Activation] = []
    for activation in activations:
        if activation.restored_version is None:
            stack.append(activation)
        else:
            while stack[-1].version > activation.restored_version:
                stack.pop()
    active = stack.pop()
    while stack:
        previous = stack.pop()
        if previous.variant_id != active.variant_id and (
            previous.variant_id is None or previous.variant_id in existing
        ):
            return previous
    raise Conflict("nothing was active before that it could go back to")
