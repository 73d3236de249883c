"""What is given: paths and arrays as the tool's standard input, options as its words."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A path as Python has them: bytes that are no UTF-8 in a str are its own escapes (`os.fsdecode`).
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
#: Images: a file, a folder, several of them, or an array of bytes `[N, H, W]` or `[N, H, W, 3]`.
Images = Union[Path, Iterable[Path], "NDArray[Any]"]
#: The value of an option.
Option = Union[None, bool, int, float, Path, Sequence[Path]]

# What the module says itself, and what makes something else of the tool's output than records.
_TAKEN = {"format", "output", "quiet", "verbose", "help", "version", "follow", "init", "shard", "part"}


def words(options: Mapping[str, Option]) -> Iterator[bytes]:
    """Options as the tool takes them: `max_pixels=5` is `--max-pixels=5`, True a flag, a list the option repeated."""
    for name, value in options.items():
        flag = b"--" + name.replace("_", "-").encode()
        if value is None or value is False:
            continue
        if value is True:
            yield flag
        elif isinstance(value, (int, float)):
            yield flag + f"={value}".encode()
        elif isinstance(value, (str, bytes, os.PathLike)):
            yield flag + b"=" + os.fsencode(value)
        else:
            yield from (flag + b"=" + os.fsencode(each) for each in value)


def further(options: Mapping[str, Option]) -> Mapping[str, Option]:
    """Options that a function has no parameter for, where they may be.

    Raises:
        TypeError: for what would change how the tool speaks.
    """
    for name in options:
        if name in _TAKEN:
            raise TypeError(f"{name} is not for here: the command surprisal takes it")
    return options


def is_array(images: object) -> bool:
    """Whether it is an array of numpy's, which nobody can have who has not imported it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(images, numpy.ndarray)


def names(paths: Path | Iterable[Path]) -> Iterator[bytes]:
    """Paths as the system has them."""
    for path in [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths:
        name = os.fsencode(path)
        if not name or b"\0" in name:
            raise ValueError(f"no path: {path!r}")
        yield name


def write_array(images: Any, file: IO[bytes]) -> None:
    """An array as an IDX file."""
    if images.dtype != "uint8":
        raise TypeError(f"images are arrays of uint8, grey levels 0 to 255, not of {images.dtype}")
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim != 3 and not (images.ndim == 4 and images.shape[3] == 3):
        raise ValueError(f"images are [N, H, W] or [N, H, W, 3], not {list(images.shape)}; of one, image[None]")
    if not images.size:
        raise ValueError(f"no pixels in an array of {list(images.shape)}")
    file.write(struct.pack(f">I{images.ndim}I", 0x0800 | images.ndim, *images.shape))
    # One at a time: the array may be large, and in any order.
    file.writelines(image.tobytes() for image in images)
