"""Takes a token, and notes who has asked."""


class Limiter:
    def __init__(self, tokens, audit):
        self.tokens = tokens
        self.audit = audit

    async def allow(self, served):
        if self.tokens < 1:
            return
        self.tokens -= 1
        await self.audit.note()
        served.append(self.tokens)
