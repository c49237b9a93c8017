"""Documents: what the operator renders into ConfigMaps and the services read from mounted files."""
