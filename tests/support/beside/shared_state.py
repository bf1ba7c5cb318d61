LEVEL = 0
HEIGHT = 0
ITEMS = []


def level():
    return LEVEL


def height():
    return HEIGHT


def replaced():
    return 0


def items():
    return ITEMS
