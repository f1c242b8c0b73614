"""How do Prometheus' remote write messages look? Written by hand, so that a test can break each byte of them."""
import struct


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def series(labels, *samples):
    """A TimeSeries of a WriteRequest; samples: (milliseconds, number or the eight bytes of one)."""
    out = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels.items())
    for when, value in samples:
        bits = value if isinstance(value, bytes) else struct.pack("<d", value)
        out += field(2, b"\x09" + bits + b"\x10" + varint(when))
    return field(1, out)


def snappy(data):
    """One block, a single literal."""
    if not data:
        return b"\x00"
    return varint(len(data)) + b"\xfc" + struct.pack("<I", len(data) - 1) + data
