"""A fast executor for Strawberry on graphql-core: level by level, leaves by generated code, the rest by graphql-core itself.

`docs/executor.md` explains it.
"""

from executor.executor import FastExecutor
from executor.statistics import ExecutionCounts, execution_counts
from executor.type_checks import InstancesOf

__all__ = ["ExecutionCounts", "FastExecutor", "InstancesOf", "execution_counts"]
