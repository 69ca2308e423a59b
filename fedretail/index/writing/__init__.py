"""The one writer: from feed entries to rows."""
