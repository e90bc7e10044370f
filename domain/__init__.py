"""The words and rules of Rapporteur: entities, value objects, pure functions. No I/O, no framework."""
