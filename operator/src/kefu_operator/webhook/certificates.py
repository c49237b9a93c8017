"""The webhook's own certificates: an authority that the API server is told to trust, and what it has signed.

Pure: the time is handed in. Each certificate is replaced when a third of its life is left. A new authority is trusted beside the
old one for an hour before anything is signed by it, so that at no moment a certificate is served that is not trusted yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
SERVING_LIFE = timedelta(days=90)
OVERLAP = timedelta(hours=1)
"""How long a new authority is trusted before it signs."""
SKEW = timedelta(minutes=5)
"""By how much other clocks may be behind."""


@dataclass(frozen=True)
class Bundle:
    """All of it as PEM."""

    authorities: bytes
    """Certificates that are trusted, the newest first."""
    authority_key: bytes
    """Of the newest."""
    serving: bytes
    serving_key: bytes


def renewed(bundle: Bundle | None, names: Sequence[str], now: datetime) -> Bundle | None:
    """The bundle that is to take the other's place; None while that one will do.

    Args:
        bundle: as it is; None: there is none, or it cannot be read.
        names: DNS names of the webhook's Service, the first of which is the certificate's subject.
        now: with a time zone.
    """
    if bundle is None:
        authority, key = _make_authority(now)
        return _signed(authority, key, names, now)
    trusted = [each for each in x509.load_pem_x509_certificates(bundle.authorities) if each.not_valid_after_utc > now]
    if not trusted:
        return renewed(None, names, now)
    if _is_old(trusted[0], now):
        authority, key = _make_authority(now)
        return Bundle(_pem([authority, *trusted]), _key_pem(key), bundle.serving, bundle.serving_key)
    serving = x509.load_pem_x509_certificate(bundle.serving)
    is_mature = len(trusted) == 1 or trusted[0].not_valid_before_utc + SKEW + OVERLAP <= now
    is_outdated = not _is_by(serving, trusted[0]) or _is_old(serving, now) or _names(serving) != list(names)
    is_over = serving.not_valid_after_utc <= now
    if is_outdated and (is_mature or is_over):
        return _signed(bundle.authorities, _key(bundle.authority_key), names, now)
    return None


def readable(authorities: bytes, authority_key: bytes, serving: bytes, serving_key: bytes) -> Bundle | None:
    """The bundle, where all of it can be read and the keys fit."""
    try:
        authority = x509.load_pem_x509_certificates(authorities)[0]
        leaf = x509.load_pem_x509_certificate(serving)
        fits = (
            authority.public_key() == _key(authority_key).public_key()
            and leaf.public_key() == _key(serving_key).public_key()
        )
    except (ValueError, IndexError):
        return None
    return Bundle(authorities, authority_key, serving, serving_key) if fits else None


def _signed(
    authorities: x509.Certificate | bytes, key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> Bundle:
    pem = authorities if isinstance(authorities, bytes) else _pem([authorities])
    newest = x509.load_pem_x509_certificates(pem)[0]
    own = ec.generate_private_key(ec.SECP256R1())
    serving = (
        _builder(names[0], own, now, SERVING_LIFE)
        .issuer_name(newest.subject)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Bundle(pem, _key_pem(key), _pem([serving]), _key_pem(own))


def _make_authority(now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(f"kefu-webhook {now:%Y-%m-%d}", key, now, AUTHORITY_LIFE)
    certificate = (
        builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"kefu-webhook {now:%Y-%m-%d}")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return certificate, key


def _builder(subject: str, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _is_old(certificate: x509.Certificate, now: datetime) -> bool:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - now < life / 3


def _is_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is of another kind than Kefu makes")  # noqa: TRY004 - a Secret holds it
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
