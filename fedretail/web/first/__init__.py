"""The first run: four steps in a browser, at whose end there is a shop."""
