"""The entities, commands and rules of Rapporteur. Nothing in here does I/O or knows a framework."""
