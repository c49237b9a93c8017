"""Wire models: what services say to one another and to customers over HTTP."""
