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
    """``function`` as machine code, compiled at its first call with arguments of new types."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function))


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


def _kept() -> Path:
    here = Path(__file__).parent
    content = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()[:16]
    home = here / "__pycache__"
    if not os.access(home if home.exists() else here, os.W_OK):
        home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "saqta"
    return home / f"compiled-{content}"


vars(numba.config)["CACHE_DIR"] = str(_kept())
