"""Where jobs wait."""


class Store:
    def __init__(self, jobs):
        self.waiting = list(jobs)
        self.done = []
