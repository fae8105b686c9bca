"""Model files that something has happened to: chance, a careless editor, or malice."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Members = dict[str, bytes]
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**40, 10**300, 1e308, 0.5, -0.0, "", "x", "LSTM", "../x", [], {},
    [[]], {"array": "weights/0000"}, {"array": "state/9999"}, float("nan"), float("inf"), [None, 3],
    "float64", "adam",
)  # fmt: skip


def members_of(file: bytes) -> Members:
    """Return the members of a zip file."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: list[tuple[str, bytes]], compression=zipfile.ZIP_STORED) -> bytes:
    """Return a zip file with right checksums, whatever its members are called."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def npy(value: np.ndarray) -> bytes:
    """Return an array as a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def description_of(members: Members) -> dict:
    """Return the description of a model file."""
    return json.loads(np.load(io.BytesIO(members["description.npy"])).tobytes())


def with_description(members: Members, description: Any) -> bytes:
    """Return the file with another description, checksums and all."""
    text = description if isinstance(description, bytes) else json.dumps(description).encode()
    replaced = {**members, "description.npy": npy(np.frombuffer(text, np.uint8))}
    return zipped(list(replaced.items()))


# -- chance ------------------------------------------------------------------------------------


def flip_bits(file: bytes, rng: random.Random) -> bytes:
    out = bytearray(file)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 40))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def flip_structure_bits(file: bytes, rng: random.Random) -> bytes:
    """Flip bits in the first or the last bytes, where the headers are."""
    out = bytearray(file)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(min(2000, len(out)))
        out[place if rng.random() < 0.3 else -1 - place] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(file: bytes, rng: random.Random) -> bytes:
    return file[: rng.randrange(len(file))]


def cut_a_piece_out(file: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(file))
    return file[:start] + file[start + rng.randint(1, 500) :]


def put_noise_in(file: bytes, rng: random.Random) -> bytes:
    start, noise = rng.randrange(len(file)), rng.randbytes(rng.randint(1, 500))
    keep = rng.random() < 0.5
    return file[:start] + noise + file[start + (0 if keep else len(noise)) :]


# -- editors -----------------------------------------------------------------------------------


def swap_members(file: bytes, rng: random.Random) -> bytes:
    members = members_of(file)
    a, b = rng.sample(list(members), 2)
    members[a], members[b] = members[b], members[a]
    return zipped(list(members.items()))


def drop_or_double_or_rename(file: bytes, rng: random.Random) -> bytes:
    members = list(members_of(file).items())
    place = rng.randrange(len(members))
    name, content = members.pop(place)
    odd = ("../evil.npy", "/etc/evil.npy", "weights\\0000.npy", "weights/0000.NPY", "x.txt", "")
    new = rng.choice([*odd, name.replace("00", "01"), name + "x", "weights/9999.npy"])
    choice = rng.randrange(4)
    if choice == 1:
        members.append((new, content))
    elif choice == 2:
        members += [(name, content), (new, content)]
    elif choice == 3:
        members.insert(place, (name, content[: rng.randrange(len(content) + 1)]))
    return zipped(members)


def edit_an_array_header(file: bytes, rng: random.Random) -> bytes:
    members = members_of(file)
    name = rng.choice(list(members))
    content = members[name]
    end = content.index(b"\n") + 1
    header, replacements = content[10:end], {
        b"'<f4'": rng.choice((b"'<f8'", b"'|O'", b"'>f4'", b"'<c8'", b"'|V4'", b"'<f2'")),
        b"(": rng.choice((b"(1099511627776,", b"(-1,", b"(0,", b"(1,", b"((", b"(2**40,")),
        b"False": rng.choice((b"True", b"None", b"open('x')")),
        b"descr": rng.choice((b"descR", b"dtype")),
        b"\x01\x00": b"\x02\x00",
    }  # fmt: skip
    old = rng.choice(list(replacements))
    header = header.replace(old, replacements[old], 1)[: len(header)].ljust(len(header))
    members[name] = content[:10] + header + content[end:]
    return zipped(list(members.items()))


def edit_the_description(file: bytes, rng: random.Random) -> bytes:
    members = members_of(file)
    description = description_of(members)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        _edit_somewhere(description, rng)
    return with_description(members, description)


def _edit_somewhere(tree: Any, rng: random.Random) -> None:
    """Walk down at random and change, drop, add or exchange an entry."""
    while True:
        if not tree:
            return
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        key = rng.choice(keys)
        if isinstance(tree[key], dict | list) and rng.random() < 0.85:
            tree = tree[key]
            continue
        choice = rng.random()
        if choice < 0.7:
            tree[key] = copy.deepcopy(rng.choice(_VALUES))
        elif choice < 0.8:
            del tree[key]
        elif choice < 0.9 and isinstance(tree, dict):
            tree[rng.choice(("x", "name", "units", "seed", "class_name"))] = copy.deepcopy(
                rng.choice(_VALUES)
            )
        else:
            other = rng.choice(keys)
            tree[key], tree[other] = tree[other], tree[key]
        return


# -- malice ------------------------------------------------------------------------------------


def compress(file: bytes, rng: random.Random) -> bytes:
    return zipped(list(members_of(file).items()), zipfile.ZIP_DEFLATED)


def bomb(file: bytes, rng: random.Random) -> bytes:
    members = members_of(file)
    members["weights/0000.npy"] = npy(np.zeros(1 << rng.randint(16, 19), np.float32))
    return zipped(list(members.items()), rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)))


def nest_deeply(file: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((100, 1000, 8000))
    text = b"[" * depth if rng.random() < 0.5 else b'{"a":' * depth + b"1" + b"}" * depth
    return with_description(members_of(file), text)


def lie_in_the_directory(file: bytes, rng: random.Random) -> bytes:
    """Change sizes, offsets, flags or methods in the central directory."""
    out = bytearray(file)
    entries = [k for k in range(len(out) - 46) if out[k : k + 4] == b"PK\x01\x02"]
    entry = rng.choice(entries)
    field, size = rng.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)))
    value = rng.choice((0, 1, 8, 64, 0xFFFF, 0x7FFFFFFF, rng.getrandbits(31)))
    out[entry + field : entry + field + size] = (value % 256**size).to_bytes(size, "little")
    return bytes(out)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip_bits, flip_structure_bits, truncate, cut_a_piece_out, put_noise_in, swap_members,
    drop_or_double_or_rename, edit_an_array_header, edit_the_description, edit_the_description,
    edit_the_description, compress, bomb, nest_deeply, lie_in_the_directory,
)  # fmt: skip
