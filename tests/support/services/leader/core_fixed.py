"""Swaps the lease, if nobody has it."""


async def stand(lease, name, elected):
    if await lease.swap("", name):
        elected.append(name)
