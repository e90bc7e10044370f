"""The live hub and the bell on the real database: nothing is lost, nothing goes backwards, nobody is woken for nothing.

A `Process` is what one server process has of them. It looks into the database only where a test lets it: unasked looks and
heartbeats are an hour apart, a ring is sent by whom the test names, and a `silent` writer rings for nobody. No test waits for
something that must not come: it has something else come after it, and sees that it is the next.
"""
