class Box:
    pass


BOX = Box()
