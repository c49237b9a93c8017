"""The webhook's certificates through ten years in virtual time: trusted before they are served, at every moment."""

import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_operator.webhook.certificates import OVERLAP, SERVING_LIFE, SKEW, Bundle, readable, renewed

NAMES = ["kefu-webhook.kefu.svc", "kefu-webhook.kefu.svc.cluster.local"]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def first() -> Bundle:
    made = renewed(None, NAMES, BEGIN)
    assert made is not None
    return made


def is_trusted(bundle: Bundle, authorities: bytes) -> bool:
    serving = x509.load_pem_x509_certificate(bundle.serving)
    for authority in x509.load_pem_x509_certificates(authorities):
        try:
            serving.verify_directly_issued_by(authority)
        except (ValueError, InvalidSignature):
            pass
        else:
            return True
    return False


def test_what_is_made_first_is_trusted_names_the_service_and_needs_nothing() -> None:
    made = first()
    assert is_trusted(made, made.authorities)
    serving = x509.load_pem_x509_certificate(made.serving)
    names = serving.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == NAMES
    assert renewed(made, NAMES, BEGIN + timedelta(days=1)) is None
    assert readable(made.authorities, made.authority_key, made.serving, made.serving_key) == made


def test_a_certificate_is_replaced_when_a_third_of_its_life_is_left_by_the_same_authority() -> None:
    made = first()
    assert renewed(made, NAMES, BEGIN + SERVING_LIFE * 0.6) is None
    fresh = renewed(made, NAMES, BEGIN + SERVING_LIFE * 0.7)
    assert fresh is not None
    assert fresh.authorities == made.authorities
    assert fresh.serving != made.serving


def test_another_name_of_the_service_asks_for_another_certificate() -> None:
    assert renewed(first(), ["other.kefu.svc"], BEGIN) is not None


def test_a_new_authority_is_trusted_for_an_hour_before_it_signs() -> None:
    late = BEGIN + timedelta(days=2440)
    made = renewed(first(), NAMES, late - timedelta(days=10))
    assert made is not None
    both = renewed(made, NAMES, late)
    assert both is not None
    assert len(x509.load_pem_x509_certificates(both.authorities)) == 2
    assert both.serving == made.serving
    assert renewed(both, NAMES, late + OVERLAP / 2) is None
    after = renewed(both, NAMES, late + OVERLAP + SKEW)
    assert after is not None
    assert after.serving != both.serving
    assert is_trusted(after, both.authorities)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 24 * 25), min_size=5, max_size=40))
def test_whatever_is_served_is_trusted_by_whoever_looked_an_hour_ago(steps: list[int]) -> None:
    now, bundle = BEGIN, first()
    for hours in steps:
        now += timedelta(hours=hours)
        fresh = renewed(bundle, NAMES, now)
        if fresh:
            assert is_trusted(fresh, bundle.authorities)
            assert is_trusted(bundle, fresh.authorities)
            bundle = fresh
        serving = x509.load_pem_x509_certificate(bundle.serving)
        assert serving.not_valid_before_utc <= now < serving.not_valid_after_utc


def test_what_cannot_be_read_or_does_not_fit_is_made_anew() -> None:
    made, other = first(), first()
    assert readable(b"", b"", b"", b"") is None
    assert readable(made.authorities, other.authority_key, made.serving, made.serving_key) is None
    assert readable(made.authorities, made.authority_key, made.serving, other.serving_key) is None


def test_openssl_takes_it() -> None:
    made = first()
    context = ssl.create_default_context(cadata=made.authorities.decode())
    assert context.cert_store_stats()["x509_ca"] == 1


def test_after_a_long_absence_a_certificate_is_made_at_once() -> None:
    fresh = renewed(first(), NAMES, BEGIN + timedelta(days=3000))
    assert fresh is not None
    now = renewed(fresh, NAMES, BEGIN + timedelta(days=3000))
    assert now is not None
    assert x509.load_pem_x509_certificate(now.serving).not_valid_after_utc > BEGIN + timedelta(days=3000)
