"""Machine operations that Numba does not name: atomic addition, bit scans, 64-byte compares.

Each is a single LLVM instruction (or two), portable to every target LLVM knows. The compares treat 64
bytes at once and give one bit a byte, bit 0 for the first byte.
"""

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from sim.splitmix import MIX1, MIX2

# Typed as Any: a checker takes the decorated function's typing context for a parameter of the call.
intrinsic: Any = extending.intrinsic

_I64 = ir.IntType(64)
_WORDS16 = ir.VectorType(ir.IntType(32), 16)
_BYTES64 = ir.VectorType(ir.IntType(8), 64)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Return a pointer to element ``index`` of a one-dimensional C-contiguous array."""
    struct = context.make_array(array_type)(context, builder, array)
    return builder.gep(struct.data, [index])


def _load64(context: Any, builder: Any, array_type: Any, array: Any, start: Any) -> Any:
    pointer = builder.bitcast(_pointer(context, builder, array_type, array, start), _BYTES64.as_pointer())
    return builder.load(pointer, align=1)


def _store64(context: Any, builder: Any, array_type: Any, array: Any, start: Any, value: Any) -> None:
    pointer = builder.bitcast(_pointer(context, builder, array_type, array, start), _BYTES64.as_pointer())
    builder.store(value, pointer, align=1)


def _splat(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector of the type ``kind`` with the value in every lane."""
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    lanes = ir.VectorType(ir.IntType(32), kind.count)
    return builder.shuffle_vector(first, nothing, ir.Constant(lanes, [0] * kind.count))


@intrinsic
def atomic_add(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``atomic_add(array, index, value)``: add to an element shared by threads; return what it held."""
    signature = array.dtype(array, types.intp, array.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1])
        return builder.atomic_rmw("add", pointer, args[2], "monotonic")

    return signature, generate


@intrinsic
def lowest_bit(typingctx: Any, word: Any) -> Any:
    """``lowest_bit(word)``: index of the lowest set bit of a uint64; 64 for 0."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def highest_bit(typingctx: Any, word: Any) -> Any:
    """``highest_bit(word)``: index of the highest set bit of a uint64; -1 for 0."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        zeros = builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))
        return builder.sub(ir.Constant(_I64, 63), zeros)

    return types.int64(types.uint64), generate


@intrinsic
def count_bits(typingctx: Any, word: Any) -> Any:
    """``count_bits(word)``: number of set bits of a uint64."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), generate


@intrinsic
def equal_mask(typingctx: Any, array: Any, start: Any, value: Any, fold: Any) -> Any:
    """``equal_mask(bytes, start, value, fold)``: which of 64 bytes have ``byte & fold == value``."""
    signature = types.uint64(array, types.intp, types.uint8, types.uint8)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = _load64(context, builder, sig.args[0], args[0], args[1])
        folded = builder.and_(data, _splat(builder, args[3], _BYTES64))
        same = builder.icmp_unsigned("==", folded, _splat(builder, args[2], _BYTES64))
        return builder.bitcast(same, _I64)

    return signature, generate


@intrinsic
def cube_mask(typingctx: Any, array: Any, start: Any, cubes: Any, at: Any) -> Any:
    """``cube_mask(bytes, start, cubes, at)``: which of 64 bytes have ``byte & mask == value``.

    Eight bytes of ``cubes`` from ``at`` on are each the mask, the next eight the value: so many at once are spread over
    a vector by the load itself, single bytes are not.
    """
    signature = types.uint64(array, types.intp, cubes, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def spread(place: Any) -> Any:
            pointer = builder.bitcast(_pointer(context, builder, sig.args[2], args[2], place), _I64.as_pointer())
            word = builder.load(pointer, align=1)
            return builder.bitcast(_splat(builder, word, ir.VectorType(_I64, 8)), _BYTES64)

        data = _load64(context, builder, sig.args[0], args[0], args[1])
        value = spread(builder.add(args[3], ir.Constant(_I64, 8)))
        return builder.bitcast(builder.icmp_unsigned("==", builder.and_(data, spread(args[3])), value), _I64)

    return signature, generate


@intrinsic
def differ_mask(typingctx: Any, first: Any, second: Any, start: Any) -> Any:
    """``differ_mask(a, b, start)``: which of the 64 bytes from ``start`` on differ between two arrays."""
    signature = types.uint64(first, second, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a = _load64(context, builder, sig.args[0], args[0], args[2])
        b = _load64(context, builder, sig.args[1], args[1], args[2])
        return builder.bitcast(builder.icmp_unsigned("!=", a, b), _I64)

    return signature, generate


def _on_stack(element: Any) -> Any:
    def typed(typingctx: Any, size: Any) -> Any:
        if not isinstance(size, types.IntegerLiteral):
            return None
        amount = size.literal_value * element.bitwidth // 64

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            # Not cgutils.alloca_once: it fills with zeros, at every call of the kernel.
            with builder.goto_entry_block():
                block = builder.alloca(ir.ArrayType(_I64, amount))
            return builder.bitcast(block, ir.IntType(element.bitwidth).as_pointer())

        return types.CPointer(element)(size), generate

    return typed


@intrinsic
def first_byte(typingctx: Any, array: Any) -> Any:
    """``first_byte(array)``: a pointer to the first of an array of uint8."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _pointer(context, builder, sig.args[0], args[0], ir.Constant(_I64, 0))

    return types.CPointer(types.uint8)(array), generate


@intrinsic
def stack_bytes(typingctx: Any, size: Any) -> Any:
    """``stack_bytes(literal)``: a pointer to that many uint8 on the kernel's stack, for `numba.carray`.

    A heap array would cost more than running a short tape.
    """
    return _on_stack(types.uint8)(typingctx, size)


@intrinsic
def stack_words(typingctx: Any, size: Any) -> Any:
    """``stack_words(literal)``: the same for int64."""
    return _on_stack(types.int64)(typingctx, size)


@intrinsic
def stack_numbers(typingctx: Any, size: Any) -> Any:
    """``stack_numbers(literal)``: the same for uint32."""
    return _on_stack(types.uint32)(typingctx, size)


@intrinsic
def copy_items(typingctx: Any, target: Any, at: Any, source: Any, start: Any, count: Any) -> Any:
    """``copy_items(target, at, source, start, count)``: move elements between two arrays of one type.

    A loop over indices is not this fast: Numba checks each index for a negative one, and LLVM then
    gathers item by item.
    """
    signature = types.void(target, types.intp, source, types.intp, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        into = _pointer(context, builder, sig.args[0], args[0], args[1])
        out_of = _pointer(context, builder, sig.args[2], args[2], args[3])
        size = context.get_abi_sizeof(context.get_data_type(sig.args[0].dtype))
        cgutils.raw_memcpy(builder, into, out_of, args[4], size)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def reverse_bytes(typingctx: Any, target: Any, at: Any, source: Any, start: Any) -> Any:
    """``reverse_bytes(target, at, source, start)``: move 64 bytes between two uint8 arrays, the last one first."""
    signature = types.void(target, types.intp, source, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = _load64(context, builder, sig.args[2], args[2], args[3])
        order = ir.Constant(ir.VectorType(ir.IntType(32), 64), list(range(63, -1, -1)))
        turned = builder.shuffle_vector(data, ir.Constant(_BYTES64, ir.Undefined), order)
        _store64(context, builder, sig.args[0], args[0], args[1], turned)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def choose_bytes(typingctx: Any, target: Any, first: Any, second: Any, start: Any, mask: Any) -> Any:
    """``choose_bytes(target, a, b, start, mask)``: 64 bytes from ``start`` on, of a where the mask's bit is set."""
    signature = types.void(target, first, second, types.intp, types.uint64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a = _load64(context, builder, sig.args[1], args[1], args[3])
        b = _load64(context, builder, sig.args[2], args[2], args[3])
        bits = builder.bitcast(args[4], ir.VectorType(ir.IntType(1), 64))
        _store64(context, builder, sig.args[0], args[0], args[3], builder.select(bits, a, b))
        return context.get_dummy_value()

    return signature, generate


#: Draws that `any_draw` looks at together.
DRAWS = 128


@intrinsic
def any_draw(typingctx: Any, first: Any, mask: Any) -> Any:
    """``any_draw(first, mask)``: whether any of 128 draws has no bit of ``mask`` set, all uint64.

    A draw is `sim.splitmix.mix` of its place; ``first``, a multiple of 128, is the first one's place plus `GOLDEN`.
    As a loop of Numba's it is vectorised 256 bits wide at best, and within a large kernel not at all.
    """
    lanes = ir.VectorType(_I64, 8)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def all_lanes(number: int) -> Any:
            return ir.Constant(lanes, [number] * 8)

        # The shifted place that is xored to each of the 128 before the first multiplication is the same for all:
        # its low bits only change their order, so what those seven bits contribute to the product is known beforehand.
        shifted = builder.lshr(args[0], ir.Constant(_I64, 30))
        high = builder.xor(args[0], builder.and_(shifted, ir.Constant(_I64, -DRAWS % 2**64)))
        product = _splat(builder, builder.mul(high, ir.Constant(_I64, MIX1)), lanes)
        asked = _splat(builder, args[1], lanes)
        found = ir.Constant(ir.VectorType(ir.IntType(1), 8), [False] * 8)
        for start in range(0, DRAWS, 8):
            low = ir.Constant(lanes, [(start + lane) * MIX1 % 2**64 for lane in range(8)])
            z = builder.add(product, low)
            z = builder.mul(builder.xor(z, builder.lshr(z, all_lanes(27))), all_lanes(MIX2))
            z = builder.and_(builder.xor(z, builder.lshr(z, all_lanes(31))), asked)
            found = builder.or_(found, builder.icmp_unsigned("==", z, all_lanes(0)))
        return builder.icmp_unsigned("!=", builder.bitcast(found, ir.IntType(8)), ir.Constant(ir.IntType(8), 0))

    return types.boolean(types.uint64, types.uint64), generate


def _sixteen(number: int) -> Any:
    return ir.Constant(_WORDS16, [number] * 16)


def _load16(context: Any, builder: Any, array_type: Any, array: Any, start: Any) -> Any:
    """Return 16 bytes of an array from ``start`` on as 32-bit lanes."""
    kind = ir.VectorType(ir.IntType(8), 16).as_pointer()
    pointer = builder.bitcast(_pointer(context, builder, array_type, array, start), kind)
    return builder.zext(builder.load(pointer, align=1), _WORDS16)


def _gather16(builder: Any, base: Any, offsets: Any, mask: Any, otherwise: Any) -> Any:
    """Return the words at ``base`` plus byte ``offsets`` (16 lanes) where the mask is set, else ``otherwise``."""
    start = builder.ptrtoint(base, _I64)
    lanes64 = ir.VectorType(_I64, 16)
    addresses = builder.add(_splat(builder, start, lanes64), builder.zext(offsets, lanes64))
    pointers = ir.VectorType(ir.IntType(32).as_pointer(), 16)
    kind = ir.FunctionType(_WORDS16, [pointers, ir.IntType(32), ir.VectorType(ir.IntType(1), 16), _WORDS16])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.gather.v16i32.v16p0")
    return builder.call(
        function, [builder.inttoptr(addresses, pointers), ir.Constant(ir.IntType(32), 1), mask, otherwise]
    )


@intrinsic
def list_writes(
    typingctx: Any, writes: Any, at: Any, tape: Any, before: Any, sources: Any, place: Any, size: Any
) -> Any:
    """``list_writes(writes, at, tape, before, sources, place, size)``: list what an execution wrote to 16 cells.

    From cell ``place`` of the tape on; each change is appended to ``writes`` (uint32) as a mechanism has it.
    Returns how many, and from bit 16 on which of the 16 cells' bytes came from nowhere (source ``size`` or
    more). ``before`` has 3 bytes and more after its place 255.
    """
    signature = types.int64(writes, types.intp, tape, before, sources, types.int64, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes1 = ir.VectorType(ir.IntType(1), 16)

        narrow = [builder.trunc(number, ir.IntType(32)) for number in args[5:]]
        chars = _load16(context, builder, sig.args[2], args[2], args[5])
        came = _load16(context, builder, sig.args[4], args[4], args[5])
        place = builder.add(_splat(builder, narrow[0], _WORDS16), ir.Constant(_WORDS16, list(range(16))))
        known = builder.icmp_unsigned("<", came, _splat(builder, narrow[1], _WORDS16))
        base = _pointer(context, builder, sig.args[3], args[3], ir.Constant(_I64, 0))
        old = builder.and_(_gather16(builder, base, came, known, _sixteen(0)), _sixteen(255))
        delta = builder.and_(builder.sub(chars, old), _sixteen(255))
        changed = builder.or_(builder.icmp_unsigned("!=", came, place), builder.icmp_unsigned("!=", delta, _sixteen(0)))
        listed = builder.or_(builder.shl(place, _sixteen(16)), builder.or_(builder.shl(came, _sixteen(8)), delta))
        into = _pointer(context, builder, sig.args[0], args[0], args[1])
        kind = ir.FunctionType(ir.VoidType(), [_WORDS16, ir.IntType(32).as_pointer(), lanes1])
        store = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.compressstore.v16i32")
        builder.call(store, [listed, into, changed])
        count = builder.ctpop(builder.zext(builder.bitcast(changed, ir.IntType(16)), _I64))
        born = builder.zext(builder.bitcast(builder.not_(known), ir.IntType(16)), _I64)
        return builder.or_(count, builder.shl(born, ir.Constant(_I64, 16)))

    return signature, generate


@intrinsic
def move_numbers(typingctx: Any, numbers: Any, cell: Any, kept: Any, sources: Any, place: Any, size: Any) -> Any:
    """``move_numbers(numbers, cell, kept, sources, place, size)``: give 16 cells from ``cell`` on their numbers.

    They are ``kept[sources[place]]`` and on (uint32); where the source is ``size`` or more, those that the cells had,
    ``kept[place]`` and on.
    """
    signature = types.void(numbers, types.intp, kept, sources, types.int64, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        came = _load16(context, builder, sig.args[3], args[3], args[4])
        size = builder.trunc(args[5], ir.IntType(32))
        known = builder.icmp_unsigned("<", came, _splat(builder, size, _WORDS16))
        words = _WORDS16.as_pointer()
        own = builder.load(builder.bitcast(_pointer(context, builder, sig.args[2], args[2], args[4]), words), align=4)
        base = _pointer(context, builder, sig.args[2], args[2], ir.Constant(_I64, 0))
        moved = _gather16(builder, base, builder.shl(came, _sixteen(2)), known, own)
        builder.store(moved, builder.bitcast(_pointer(context, builder, sig.args[0], args[0], args[1]), words), align=4)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def prefetch(typingctx: Any, array: Any, index: Any) -> Any:
    """``prefetch(array, index)``: ask the processor to bring an element into its cache."""
    signature = types.void(array, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1])
        generic = builder.bitcast(pointer, cgutils.voidptr_t)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [generic, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])
        return context.get_dummy_value()

    return signature, generate
