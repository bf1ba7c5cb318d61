"""Reads the lease, and writes it if nobody has it."""


async def stand(lease, name, elected):
    if not await lease.read():
        await lease.write(name)
        elected.append(name)
