"""The tables of the docs that repeat what the code declares are true."""

import pytest

from tests.docs.generated_tables import TABLES, with_tables
from tests.harness.markdown import ROOT


@pytest.mark.parametrize("page", sorted({page for page, _ in TABLES}))
def test_tables_are_those_of_the_code(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == with_tables(page), "run: python -m tests.docs.generated_tables"
