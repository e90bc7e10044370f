"""A fast executor for Strawberry on graphql-core.

It executes operations breadth first, from plans that are made once for each document, and lets graphql-core handle everything
that is wrong or unusual. `docs/executor.md` explains it.
"""

from executor.executor import FastExecutor
from executor.input_columns import InputColumns, in_columns
from executor.statistics import ExecutionCounts, execution_counts
from executor.type_checks import InstancesOf

__all__ = ["ExecutionCounts", "FastExecutor", "InputColumns", "InstancesOf", "execution_counts", "in_columns"]
