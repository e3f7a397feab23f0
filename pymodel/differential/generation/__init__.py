"""Where a run's programs come from: shapes, and one maker that Hypothesis or a seed feeds."""
