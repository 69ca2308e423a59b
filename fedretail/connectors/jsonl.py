class JsonlReader:
    pass
