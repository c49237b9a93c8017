"""Status: what was gathered, judged by small pure checks, told as conditions that name the failing leaf."""
