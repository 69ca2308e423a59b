"""The demo: three made-up shops on one computer, two of them switched off, and search goes on."""
