"""Numbers of bytes and counts as human-readable text."""

from __future__ import annotations

import re
from fractions import Fraction

from ..ir.bounds import MAX_MEMORY

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

_AMOUNT = re.compile(
    r"\s*(\d{1,30}(?:\.\d{1,30})?)\s*(?:([kmgtpe])(i?b)?|b)?\s*", re.ASCII | re.IGNORECASE
)


def parse_bytes(text: str) -> int:
    """Parse a number of bytes; units are powers of 1024, or with `kB`, `MB`, … powers of 1000.

    Raises ValueError with the valid forms.

    >>> parse_bytes("16GiB") == parse_bytes("16G") == 16 * 2**30
    True
    >>> parse_bytes("1.5 kB"), parse_bytes("4096")
    (1500, 4096)
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no amount of memory: write bytes, 512M or 16GiB")
    number, letter, ending = match.groups()
    base = 1000 if (ending or "").lower() == "b" else 1024
    power = " kmgtpe".index(letter.lower()) if letter else 0
    bytes = int(Fraction(number) * base**power)
    if not 1 <= bytes <= MAX_MEMORY:
        raise ValueError(f"'{text}' is no limit: at least 1 byte, at most {bytes_text(MAX_MEMORY)}")
    return bytes


def bytes_text(bytes: int) -> str:
    """Format an amount to three digits, in a suitable unit; exact arithmetic at any size.

    >>> bytes_text(512), bytes_text(8 * 2**30), bytes_text(1_500_000), bytes_text(10**40)
    ('512 B', '8 GiB', '1.43 MiB', 'about 10**40 bytes')
    """
    power = max(bytes.bit_length() - 1, 0) // 10
    if power >= len(UNITS):
        return f"about 10**{len(str(bytes)) - 1} bytes"
    return f"{_three_digits(Fraction(bytes, 1024**power))} {UNITS[power]}"


def at_least(bytes: int) -> str:
    """Format the amount rounded up to a whole number of its unit, for the command line.

    >>> at_least(1_500_000), at_least(2**30)
    ('2MiB', '1GiB')
    """
    power = min(max(bytes.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    return f"{-(-bytes // 1024**power)}{UNITS[power]}"


def count_text(count: int) -> str:
    """Format a count with commas, or a very long one as a power of ten.

    >>> count_text(785_000), count_text(10**30)
    ('785,000', 'about 10**30')
    """
    return f"{count:,}" if count < 10**21 else f"about 10**{len(str(count)) - 1}"


def share_text(part: int, whole: int) -> str:
    """Format a part as a percentage; only the whole is 100 %.

    >>> share_text(2, 3), share_text(1, 1), share_text(9999, 10000), share_text(1, 10000)
    ('66.7 %', '100 %', '99.9 %', '0.0 %')
    """
    if part == whole:
        return "100 %"
    thousandths = min((2000 * part + whole) // (2 * whole), 999)
    return f"{thousandths // 10}.{thousandths % 10} %"


def _three_digits(number: Fraction) -> str:
    text = f"{float(number):.{2 if number < 10 else 1 if number < 100 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
