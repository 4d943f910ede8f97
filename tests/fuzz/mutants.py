"""Damage to bytes, as disks, networks and people do it."""

import hashlib
import random
import re


def mutant(data: bytes, seed: int) -> bytes:
    """Return a damaged copy, never equal to the original."""
    draw = random.Random(seed)
    while True:
        damaged = draw.choice(DAMAGES)(bytearray(data), draw)
        if damaged != data:
            return bytes(damaged)


def rehashed(data):
    """Mend the hash of a model file: what only somebody with intent can make."""
    place = re.search(rb'sha256\\":\\"', data[:200])
    if place is None or len(data) < place.end() + 64:
        return data
    damaged = bytearray(data)
    damaged[place.end() : place.end() + 64] = b"0" * 64
    damaged[place.end() : place.end() + 64] = hashlib.sha256(damaged).hexdigest().encode()
    return bytes(damaged)


def _place(data: bytearray, draw: random.Random) -> int:
    """Any byte, but half of the time one of the first 400: headers are where parsers err."""
    return draw.randrange(min(len(data), 400) if draw.random() < 0.5 else len(data))


def flip_bits(data: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.choice([1, 1, 1, 2, 8])):
        data[_place(data, draw)] ^= 1 << draw.randrange(8)
    return data


def set_bytes(data: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.choice([1, 4, 16])):
        data[_place(data, draw)] = draw.choice([0, 0x7F, 0x80, 0xFF, draw.randrange(256)])
    return data


def cut_off(data: bytearray, draw: random.Random) -> bytearray:
    return data[: draw.randrange(len(data))]


def cut_out(data: bytearray, draw: random.Random) -> bytearray:
    start = _place(data, draw)
    del data[start : start + draw.choice([1, 2, 8, 64, 512])]
    return data


def insert(data: bytearray, draw: random.Random) -> bytearray:
    start = _place(data, draw)
    data[start:start] = draw.randbytes(draw.choice([1, 2, 8, 64]))
    return data


def repeat(data: bytearray, draw: random.Random) -> bytearray:
    start = _place(data, draw)
    data[start:start] = data[start : start + draw.choice([4, 64, 1024])]
    return data


def swap(data: bytearray, draw: random.Random) -> bytearray:
    a, b, n = _place(data, draw), _place(data, draw), draw.choice([1, 8, 64])
    data[a : a + n], data[b : b + n] = data[b : b + n], data[a : a + n]
    return data


def zero_block(data: bytearray, draw: random.Random) -> bytearray:
    start = _place(data, draw) // 512 * 512
    data[start : start + 512] = bytes(len(data[start : start + 512]))
    return data


DAMAGES = [flip_bits, set_bytes, cut_off, cut_out, insert, repeat, swap, zero_block]
