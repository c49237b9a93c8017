from tests.unit.test_sources.reading import read

__all__ = ["read"]
