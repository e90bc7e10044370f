"""The OpenFeature Remote Evaluation Protocol (OFREP, openfeature.dev), in which an agent is a flag.

It translates: what a flag evaluates to is what the operation ResolvedConfigs answers, under the same scopes and limits.
"""
