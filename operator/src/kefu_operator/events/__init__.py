"""Events: few, each told once and counted when it comes again."""
