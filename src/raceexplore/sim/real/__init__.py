"""The same programs on real servers, under the same control: a schedule is tried on the real thing.

``with servers(postgres=DSN): explore(program)`` lets what a program makes of `sim.postgres` speak
to a database of its own on that server.
"""

from raceexplore.sim.real.servers import Servers, servers

__all__ = ["Servers", "servers"]
