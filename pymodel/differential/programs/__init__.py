"""Programs: values, text, checks and wire form."""
