"""Going back to what was active before."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from domain.errors import Conflict
from domain.ids import VariantId


@dataclass(frozen=True, slots=True)
class Activation:
    """What became active in an agent with `version` of it, its creation included. `variant_id` None is the base.

    `restored_version` is that of the activation to which it went back, if it was a rollback.
    """

    version: int
    variant_id: VariantId | None
    restored_version: int | None = None


def previous_activation(activations: Sequence[Activation], existing: Container[VariantId]) -> Activation:
    """To what a rollback goes back: what was active before that which is, and each time one further back.

    Activations form a stack, on which a rollback uncovers the one beneath; what was active when the history began is at the
    bottom. Variants that have been deleted since are passed over. `activations` are all of an agent's, oldest first, from
    its creation on. Raises Conflict where there is nothing to go back to.
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
        before = stack.pop()
        if before.variant_id != active.variant_id and (before.variant_id is None or before.variant_id in existing):
            return before
    raise Conflict("nothing was active before that it could go back to")
