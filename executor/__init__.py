"""A fast executor for Strawberry on graphql-core: level by level, leaves by generated code, the rest by graphql-core itself.

`docs/executor.md` explains it.
"""

from executor.counts import Counts, counts
from executor.fast import FastExecutor
from executor.instances import InstancesOf

__all__ = ["Counts", "FastExecutor", "InstancesOf", "counts"]
