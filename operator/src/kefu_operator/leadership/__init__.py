"""Leadership: of several operators one writes, and another takes over when it is gone; agreed on by a Lease.

The official client brings an election too. It ends at the first broken connection, lets a paused leader go on writing
when it wakes, and does not hand its lease over when it stops; so this one is our own, with the rules of client-go.
"""
