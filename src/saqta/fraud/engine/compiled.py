"""Compiles functions of numbers to machine code, and keeps what was compiled for the next start.

What numba keeps is keyed by one file, and a compiled function holds the code of those it calls, from other files as
well. So it lies in a folder named by the content of this whole package: changed code is never answered by what was
compiled before.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """``function`` as machine code, compiled at its first call with arguments of new types.

    It counts no references, which would take longer than all else it does: so it makes no arrays, and keeps none.
    """
    return _compiled(function, counts=False)


def allocating(function: Function) -> Function:
    """As ``compiled``, for one that makes arrays."""
    return _compiled(function, counts=True)


def _compiled(function: Function, counts: bool) -> Function:
    njit = cast(Any, numba.njit)  # Its types do not tell of the last option.
    compile_ = njit(cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=counts)
    return cast(Function, compile_(function))


def _prefetch(context: Any, address: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        read, near, data = whole(0), whole(3), whole(1)
        builder.call(function, [builder.inttoptr(arguments[0], byte), read, near, data])
        return context.get_dummy_value()

    return numba.void(numba.uint64), generate


prefetch = cast(Callable[[Any], None], intrinsic(_prefetch))
"""Asks the processor for the 64 bytes at an address, and does not wait for them."""


def _loaded(bits: int) -> Callable[[Any], Any]:
    """Reads so many bits, little-endian, at any address, as an uint64."""

    def load(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            loaded = builder.load(place)
            loaded.align = 1
            return builder.zext(loaded, ir.IntType(64)) if bits < 64 else loaded

        return numba.uint64(numba.uint64), generate

    return cast(Callable[[Any], Any], intrinsic(load))


word_at, half_word_at = _loaded(64), _loaded(32)
"""The 8 or 4 bytes at an address."""


def _lowest(context: Any, word: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return numba.int64(numba.uint64), generate


lowest_bit = cast(Callable[[Any], int], intrinsic(_lowest))
"""The place of the lowest bit that is set in a word; 64 where none is."""


def _folded(context: Any, first: Any, second: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        double, word = ir.IntType(128), ir.IntType(64)
        product = builder.mul(*(builder.zext(each, double) for each in arguments))
        return builder.xor(builder.trunc(product, word), builder.trunc(builder.lshr(product, double(64)), word))

    return numba.uint64(numba.uint64, numba.uint64), generate


folded = cast(Callable[[Any, Any], Any], intrinsic(_folded))
"""The product of two words, 128 bits, with its halves laid over each other by exclusive or."""


def _kept() -> Path:
    here = Path(__file__).parent
    content = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()[:16]
    home = here / "__pycache__"
    if not os.access(home if home.exists() else here, os.W_OK):
        home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "saqta"
    return home / f"compiled-{content}"


vars(numba.config)["CACHE_DIR"] = str(_kept())
