"""BLAKE2b (RFC 7693, 64-byte digest, no key) of many short lists of writes, eight at a time.

hashlib would take the interpreter's lock for each list; some languages make 65536 new ones an epoch.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.np.numpy_support import carray

from sim.intrinsics import intrinsic, stack_words
from sim.jit import inlined
from sim.language import LONGEST

_IV = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_MIXED = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip
#: The first word of the initial state: the size of the digest and no key.
_FIRST = np.uint64(_IV[0] ^ 0x01010040)
_START = np.array(_IV, np.uint64)
_LANES = 8
_BLOCK = 128  # bytes
# Words of the longest list, three bytes a write, in whole blocks for each lane.
_WORDS = (3 * LONGEST + _BLOCK - 1) // _BLOCK * 16 * _LANES
_ALL, _NONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
_TOP = np.uint64(0x7FFFFFFFFFFFFFFF)
_S16, _LOW, _MIDDLE = np.uint64(16), np.uint64(0xFF), np.uint64(0xFF00)
_VECTOR = ir.VectorType(ir.IntType(64), _LANES)


@intrinsic
def _compress(typingctx: Any, state: Any, message: Any, start: Any, counts: Any) -> Any:
    """``_compress(state, message, start, counts)``: take in a block of each of eight messages.

    All uint64, word by word with the lanes beside each other: ``state[8 * 8]``, ``message[start:start + 16 * 8]``;
    ``counts[3 * 8]``: bytes up to the block's end, all ones in the last block, all ones where the message has a block.
    """
    signature = types.void(state, message, types.intp, counts)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def place(which: int, index: Any) -> Any:
            array = context.make_array(sig.args[which])(context, builder, args[which])
            return builder.bitcast(builder.gep(array.data, [index]), _VECTOR.as_pointer())

        def number(value: int) -> Any:
            return ir.Constant(ir.IntType(64), value)

        def load(which: int, word: int) -> Any:
            index = number(word * _LANES)
            return builder.load(place(which, builder.add(args[2], index) if which == 1 else index), align=8)

        def all_lanes(value: int) -> Any:
            return ir.Constant(_VECTOR, [value] * _LANES)

        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        rotate = cgutils.get_or_insert_function(builder.module, kind, "llvm.fshr.v8i64")

        def turned(value: Any, bits: int) -> Any:
            return builder.call(rotate, [value, value, all_lanes(bits)])

        before = [load(0, word) for word in range(8)]
        v = before + [all_lanes(word) for word in _IV]
        v[12] = builder.xor(v[12], load(3, 0))
        v[14] = builder.xor(v[14], load(3, 1))
        words = [load(1, word) for word in range(16)]
        for turn in range(12):
            order = _SIGMA[turn % 10]
            for g, (a, b, c, d) in enumerate(_MIXED):
                for word, one, two in ((order[2 * g], 32, 24), (order[2 * g + 1], 16, 63)):
                    v[a] = builder.add(builder.add(v[a], v[b]), words[word])
                    v[d] = turned(builder.xor(v[d], v[a]), one)
                    v[c] = builder.add(v[c], v[d])
                    v[b] = turned(builder.xor(v[b], v[c]), two)
        taken = load(3, 2)
        for word in range(8):
            change = builder.and_(builder.xor(v[word], v[word + 8]), taken)
            builder.store(builder.xor(before[word], change), place(0, number(word * _LANES)), align=8)
        return context.get_dummy_value()

    return signature, generate


@inlined
def name_lists(writes: Any, starts: Any, first: int, stop: int, ids: Any) -> None:
    """Put the ids of the lists ``first`` to ``stop`` (without it), none of them empty, in ``ids`` (int64).

    List k is ``writes[starts[k]:starts[k + 1]]`` (see `sim.mechanisms`); its id is the first 8 bytes, little-endian,
    top bit cleared, of the digest of its (target, source, delta) bytes.
    """
    state = carray(stack_words(64), (64,)).view(np.uint64)
    message = carray(stack_words(_WORDS), (_WORDS,)).view(np.uint64)
    counts = carray(stack_words(24), (24,)).view(np.uint64)
    for group in range(first, stop, _LANES):
        lanes = min(_LANES, stop - group)
        longest: Any = 0
        for k in range(group, group + lanes):
            longest = max(longest, 3 * (starts[k + 1] - starts[k]))
        blocks = (longest + _BLOCK - 1) // _BLOCK
        message[: blocks * 16 * _LANES] = 0
        for lane in range(lanes):
            at = starts[group + lane]
            for i in range(starts[group + lane + 1] - at):
                write = np.uint64(writes[at + i])
                target, source, delta = write >> _S16, write & _MIDDLE, (write & _LOW) << _S16
                low = target | source | delta
                bit = np.uint64(24 * i)
                word = np.int64(bit >> np.uint64(6)) * _LANES + lane
                bit &= np.uint64(63)
                message[word] |= low << bit
                if bit > 40:
                    message[word + _LANES] |= low >> (np.uint64(64) - bit)
        for lane in range(_LANES):
            for i in range(8):
                state[i * _LANES + lane] = _START[i]
            state[lane] = _FIRST
        for block in range(blocks):
            for lane in range(_LANES):
                k = min(group + lane, stop - 1)
                size, reached = 3 * (starts[k + 1] - starts[k]), (block + 1) * _BLOCK
                counts[lane] = min(size, reached)
                counts[_LANES + lane] = _ALL if size <= reached else _NONE
                counts[2 * _LANES + lane] = _ALL if size > block * _BLOCK else _NONE
            _compress(state, message, block * 16 * _LANES, counts)
        for lane in range(lanes):
            ids[group + lane] = np.int64(state[lane] & _TOP)
