"""A reference to a user's function, which is sent to workers and loaded there.

A module is run once in each worker. The reference carries the hash of its text; a worker that
finds another source on its disk refuses, so one run never mixes two versions, while a process
opened again after a change (the preview does that) loads the new one.
"""

from __future__ import annotations

import enum
import importlib
import importlib.util
import inspect
import linecache
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from automap_tiles.errors import AutomapError, ProcessError, missing_extra
from automap_tiles.runtime import sources
from automap_tiles.runtime._canonical import digest
from automap_tiles.runtime._mapchete import acquaint
from automap_tiles.runtime._meaning import meaning

# An edited module may bring its old siblings into question, so only one is loaded at a time; a
# module that is being loaded may itself load another process.
_LOCK = threading.RLock()


class FunctionKind(enum.Enum):
    """Where the function comes from."""

    BUILTIN = "builtin"
    """A process that an installed package offers by a name."""
    MODULE = "module"
    """A dotted name that Python can import."""
    FILE = "file"
    INLINE = "inline"
    """Lines of code in the process file itself."""


@dataclass(frozen=True, kw_only=True)
class FunctionRef:
    """Where a function is and which version of it."""

    kind: FunctionKind
    name: str
    """Dotted name of the module; of a file its stem."""
    path: Path | None = None
    """The file, absolute; for inline code the process file it stands in."""
    digest: str
    """Hash of what the source does, with what it imports from its own folder or package."""
    text: str
    """Hash of how that is written: which version of it a worker loads."""
    source: str | None = None
    """Inline code."""

    @classmethod
    def from_module(cls, name: str) -> FunctionRef:
        """Reference to a module; imports only the packages above it."""
        return cls(
            kind=FunctionKind.MODULE,
            name=name,
            digest=sources.module_digest(name),
            text=sources.module_text(name),
        )

    @classmethod
    def from_builtin(cls, module: str) -> FunctionRef:
        """Reference to a process that a package offers by a name; `module` is where it is."""
        text = sources.builtin_text(module)
        return cls(
            kind=FunctionKind.BUILTIN,
            name=module,
            digest=sources.builtin_digest(module, text),
            text=text,
        )

    @classmethod
    def from_file(cls, path: Path) -> FunctionRef:
        """Reference to a Python file; reads but does not run it."""
        return cls(
            kind=FunctionKind.FILE,
            name=path.stem,
            path=path,
            digest=sources.file_digest(path),
            text=sources.file_text(path),
        )

    @classmethod
    def from_lines(cls, lines: list[str], path: Path | None) -> FunctionRef:
        """Reference to code that stands in the process file."""
        source = "\n".join(lines) + "\n"
        return cls(
            kind=FunctionKind.INLINE,
            name="inline",
            path=path,
            digest=digest("inline", meaning(source.encode("utf-8", "surrogatepass")).text()),
            text=digest("inline", source),
            source=source,
        )

    @property
    def earlier(self) -> frozenset[str]:
        """Hashes by which earlier versions of this package knew a process of the same results."""
        if self.kind is FunctionKind.BUILTIN:
            return sources.builtin_earlier(self.name) | {self.text}
        return frozenset({self.text})

    def load(self) -> LoadedFunction:
        """The function, loaded on the first call in this worker.

        Raises `ProcessError` with file and line when its module cannot be run.
        """
        loaded = _loaded.get(self)
        if loaded is None:
            with _LOCK:
                loaded = _loaded.get(self)
                if loaded is None:
                    loaded = _loaded[self] = _load(self)
        return loaded

    def __str__(self) -> str:
        if self.kind is FunctionKind.INLINE:
            return "inline code" if self.path is None else f"inline code of {self.path}"
        return self.name if self.path is None else str(self.path)


@dataclass(frozen=True, kw_only=True)
class LoadedFunction:
    """The parts of a process module."""

    module: ModuleType
    execute: Callable[..., Any]
    setup: Callable[..., Any] | None
    """Runs once in each worker; its result is the argument `context` of `execute`."""
    pixelbuffer: Callable[..., Any] | None = None
    """Tells how many pixels around its tile `execute` looks at, see `hooks.needed_buffer`."""
    check_parameters: Callable[..., Any] | None = None
    """Complains of parameters that cannot work, see `hooks.check_parameters`."""
    sum_up: Callable[..., Any] | None = None
    """Says what was counted over all tiles, see `hooks.summary`."""


_loaded: dict[FunctionRef, LoadedFunction] = {}


def _load(ref: FunctionRef) -> LoadedFunction:
    if ref.kind is FunctionKind.FILE:
        module = _run_file(ref)
    elif ref.kind is FunctionKind.INLINE:
        module = _run_inline(ref)
    else:
        with explained(ref, None):
            module = importlib.import_module(ref.name)
    acquaint()
    execute = getattr(module, "execute", None)
    if not callable(execute):
        raise ProcessError(f"{ref}: there is no function execute()")
    if inspect.iscoroutinefunction(execute) or inspect.isgeneratorfunction(execute):
        raise ProcessError(f"{ref}: execute() must be a plain function that returns its result")
    return LoadedFunction(
        module=module,
        execute=execute,
        setup=_hook(module, "setup"),
        pixelbuffer=_hook(module, "pixelbuffer"),
        check_parameters=_hook(module, "check_parameters"),
        sum_up=_hook(module, "sum_up"),
    )


def _hook(module: ModuleType, name: str) -> Callable[..., Any] | None:
    """A function that a process module may have besides `execute`."""
    found = getattr(module, name, None)
    return found if callable(found) else None


def _run_file(ref: FunctionRef) -> ModuleType:
    path = _path_of(ref)
    if sources.file_text(path) != ref.text:
        raise ProcessError(f"{path}: the source has changed since the process was opened")
    name = f"_automap_{ref.name}_{ref.text[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProcessError(f"{path}: this is not a Python file")
    linecache.checkcache(str(path))
    module = importlib.util.module_from_spec(spec)
    with explained(ref, name), _siblings_of(path):
        # dataclasses, pickle and others look a module up by its name
        sys.modules[name] = module
        # Compiled here and not by the loader, which trusts a cached file of the same second and
        # size and would run the source from before an edit.
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    return module


def _run_inline(ref: FunctionRef) -> ModuleType:
    name = f"_automap_inline_{ref.text[:12]}"
    module = ModuleType(name)
    source, file = ref.source or "", f"<{ref}>"
    # so that tracebacks show the lines
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module.__file__ = file
    with explained(ref, name):
        sys.modules[name] = module
        exec(compile(source, file, "exec"), module.__dict__)
    return module


@contextmanager
def _siblings_of(path: Path) -> Iterator[None]:
    """Let a file import the modules beside it, in their present version.

    All that it mentions, also inside functions, are imported now, since the folder is on the path
    only while the file is loaded.
    """
    folder = str(path.parent)
    beside = sources.siblings(path)
    for name, file in beside:
        _forget_other_version(name, file, path.parent)
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    # No .pyc beside the user's files: one of the same second and size would hide an edit.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        for name, _ in beside:
            importlib.import_module(name)
        yield
    finally:
        sys.dont_write_bytecode = before
        sys.path.remove(folder)


# Sibling modules that were imported here: file and hash of the version.
_siblings: dict[str, tuple[Path, str]] = {}


def _forget_other_version(name: str, file: Path, folder: Path) -> None:
    """Drop a module of that name from another folder, or from before an edit."""
    version = (file, sources.file_text(file, folder))
    module = sys.modules.get(name)
    is_other = module is not None and module.__file__ != str(file)
    if is_other or _siblings.get(name, version) != version:
        for known in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[known]
    _siblings[name] = version


@contextmanager
def explained(ref: FunctionRef, name: str | None = None) -> Iterator[None]:
    """Turn whatever the user's module raises into a `ProcessError` with file and line.

    `name` is that of a module which is no good then and is forgotten.
    """
    try:
        yield
    except AutomapError:
        _forget(name)
        raise
    except SyntaxError as error:
        _forget(name)
        # a source with null bytes has neither file nor line
        place = str(ref) if error.filename is None else f"{error.filename}:{error.lineno}"
        raise ProcessError(f"{place}: {error.msg}") from error
    # sys.exit() too: a module that is imported must not end the run without a word
    except (Exception, SystemExit) as error:
        _forget(name)
        text = f"{_place(ref, error)}: {type(error).__name__}: {error}"
        missing = missing_extra(error) if isinstance(error, ImportError) else None
        raise ProcessError(text if missing is None else f"{text}\n  remedy: {missing}") from error


def _forget(name: str | None) -> None:
    if name is not None:
        sys.modules.pop(name, None)


def _place(ref: FunctionRef, error: BaseException) -> str:
    """`file:line` of the last frame outside of Python's own import machinery."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ")
        and frame.filename != __file__
        and "importlib" not in Path(frame.filename).parts
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(ref)


def _path_of(ref: FunctionRef) -> Path:
    if ref.path is None:
        raise ProcessError(f"{ref}: there is no file")
    return ref.path
