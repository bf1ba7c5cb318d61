"""Small programs with a read of what is taken back, and twins of the same shape that have none.

All of them fail: a twin for another reason. They begin with the HEAD of racy_values.py.
"""

DIRTY_READ = """
async def main():
    box = Box(left=1, sold_out=False)

    async def ann():
        box.left -= 1
        await point()
        box.left += 1

    async def bob():
        if box.left == 0:
            box.sold_out = True

    await both(ann=ann, bob=bob)
    assert box.left == 0 or not box.sold_out
"""
# The reader acts only after the writer has taken it back.
DIRTY_AND_STALE = DIRTY_READ.replace(
    "            box.sold", "            await point()\n            box.sold"
)
# What it read is kept: the expectation is wrong.
KEPT = DIRTY_READ.replace("+= 1", "-= 1").replace("left == 0 or", "left > 0 or")
# What the reader then does is of no account: what fails is a wrong expectation.
NO_MATTER = DIRTY_READ.replace("or not box.sold_out", "and box.left")
# It is shown on purpose, and taken back once the other has answered.
SHOWN = """
async def main():
    box, seen, asked = Box(left=1, sold_out=False), trio.Event(), trio.Event()

    async def ann():
        box.left -= 1
        asked.set()
        await seen.wait()
        box.left += 1

    async def bob():
        await asked.wait()
        if box.left == 0:
            box.sold_out = True
        seen.set()

    await both(ann=ann, bob=bob)
    assert box.left == 0 or not box.sold_out
"""
