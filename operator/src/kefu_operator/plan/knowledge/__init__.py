"""An index: what its version is named for, its document, and each of its workloads, a module each."""
