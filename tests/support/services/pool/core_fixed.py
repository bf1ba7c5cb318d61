"""Leases connections: it takes its place before it opens one."""

from pool.wire import connect


class Pool:
    def __init__(self, limit):
        self.limit = limit
        self.opening = 0
        self.connections = []

    async def lease(self):
        for connection in self.connections:
            if not connection.busy:
                connection.busy = True
                return connection
        if len(self.connections) + self.opening >= self.limit:
            raise RuntimeError("the pool is exhausted")
        self.opening += 1
        try:
            connection = await connect()
        finally:
            self.opening -= 1
        connection.busy = True
        self.connections.append(connection)
        return connection

    def give_back(self, connection):
        connection.busy = False
