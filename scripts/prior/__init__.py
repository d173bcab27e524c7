"""Statistics of choices, for drawing codes that look like training pictures."""
