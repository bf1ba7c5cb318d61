"""Leases connections: it looks whether there is room, and opens one."""

from pool.wire import connect


class Pool:
    def __init__(self, limit):
        self.limit = limit
        self.connections = []

    async def lease(self):
        for connection in self.connections:
            if not connection.busy:
                connection.busy = True
                return connection
        if len(self.connections) >= self.limit:
            raise RuntimeError("the pool is exhausted")
        connection = await connect()
        connection.busy = True
        self.connections.append(connection)
        return connection

    def give_back(self, connection):
        connection.busy = False
