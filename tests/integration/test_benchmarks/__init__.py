"""The drivers of the benchmarks, run for a second or two so that they do not rot; their figures are not looked at."""
