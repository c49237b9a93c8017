"""What a database's refusals are called, whichever server it is: each driver tells the kinds apart in its own way."""

from kefu_retrieval.errors import PlaceForbidden, PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.sql_address import SqlAddress

CONNECT_SECONDS = 15.0


def silent(address: SqlAddress, error: Exception) -> PlaceUnreachable:
    """It does not answer, or broke off."""
    return PlaceUnreachable(f"{address.shown} does not answer: {error or 'time-out'}; it is tried again")


def forbidden(said: str) -> PlaceForbidden:
    """It refuses the user."""
    return PlaceForbidden(f"{said}; correct the user, the password or its grants")


def missing(said: str) -> PlaceMissing:
    """It has no such database or table."""
    return PlaceMissing(f"{said}; correct the database or the table in the query")


def passing(said: str) -> PlaceUnreachable:
    """It cannot now."""
    return PlaceUnreachable(f"{said}; it is tried again")


def wrong(said: str) -> PlaceInvalid:
    """It does not take the query."""
    return PlaceInvalid(f"{said}; correct the source's query")
