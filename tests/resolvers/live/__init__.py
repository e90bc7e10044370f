"""The live hub and the change notifier on the real database: nothing is lost, nothing goes backwards, no wake-up is in vain.

A `Process` is what one server process has of them. It polls the database only where a test lets it: polls and heartbeats of its
own are an hour apart, the test names who notifies, and a `silent` writer notifies nobody. No test waits for something that must
not come: it has something else come after it, and sees that it is the next.
"""
