"""Looks for a token, notes who asks, and takes it."""


class Limiter:
    def __init__(self, tokens, audit):
        self.tokens = tokens
        self.audit = audit

    async def allow(self, served):
        if self.tokens < 1:
            return
        await self.audit.note()
        self.tokens -= 1
        served.append(self.tokens)
