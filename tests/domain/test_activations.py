"""Checks which activation a rollback restores."""

import pytest

from domain.activations import Activation, previous_activation
from domain.errors import Conflict
from domain.ids import VariantId, new_id

A, B, C = (VariantId(new_id()) for _ in range(3))
ALL = {A, B, C}
Active = VariantId | None


def history(*steps: Active) -> list[Activation]:
    """The creation, and then these made active one after the other, each in a version of its own."""
    return [Activation(version, variant_id) for version, variant_id in enumerate((None, *steps), 1)]


def roll_back(activations: list[Activation], times: int, existing: set[VariantId] = ALL) -> list[Active]:
    """Returns the variant that each of the rollbacks activates. The rollbacks are added to the history."""
    found: list[Active] = []
    for _ in range(times):
        before = previous_activation(activations, existing)
        activations.append(Activation(activations[-1].version + 1, before.variant_id, before.version))
        found.append(before.variant_id)
    return found


def test_it_goes_one_further_back_each_time_to_the_base() -> None:
    activations = history(A, B, C)
    assert roll_back(activations, 3) == [B, A, None]
    with pytest.raises(Conflict):
        previous_activation(activations, ALL)


def test_it_names_the_version_that_it_brings_back() -> None:
    assert previous_activation(history(A, B, A), ALL) == Activation(3, B)


@pytest.mark.parametrize("activations", [[Activation(1, None)], [Activation(5, A)], [Activation(7, None)]])
def test_there_is_nothing_before_what_history_begins_with(activations: list[Activation]) -> None:
    """A history that a migration began has no earlier version, whatever was active in it."""
    with pytest.raises(Conflict, match="nothing was active before"):
        previous_activation(activations, ALL)


def test_a_history_that_begins_late_goes_back_to_its_beginning() -> None:
    assert previous_activation([Activation(5, A), Activation(8, B)], ALL) == Activation(5, A)
    assert previous_activation([Activation(7, None), Activation(8, B)], ALL) == Activation(7, None)


def test_a_deactivation_is_a_step_of_its_own() -> None:
    assert roll_back(history(A, None, B), 3) == [None, A, None]


def test_what_was_active_before_and_after_a_deleted_one_is_not_gone_back_to_from_itself() -> None:
    assert previous_activation(history(A, B, A), {A}) == Activation(1, None)


def test_deleted_variants_are_passed_over() -> None:
    assert previous_activation(history(A, B, C), {A, C}) == Activation(2, A)
    assert previous_activation(history(A, B, C), {C}) == Activation(1, None)


def test_an_activation_after_a_rollback_covers_what_it_came_back_to() -> None:
    activations = history(A, B, C)
    assert roll_back(activations, 1) == [B]
    activations.append(Activation(activations[-1].version + 1, C))
    assert roll_back(activations, 3) == [B, A, None]


def test_a_rollback_that_passed_over_a_deleted_one_does_not_come_to_it_again() -> None:
    activations = history(A, B, C)
    assert roll_back(activations, 2, {A, C}) == [A, None]
