"""A run's folder: what the run is (`run.json`), its log (`log.jsonl`) and its checkpoints.

A process may be killed at any moment: the next one takes up the last whole checkpoint, and what it makes of it is what
the first would have made.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

import jax
import numpy as np
import orbax.checkpoint as ocp

from drol_jax.errors import UserError, reason
from drol_jax.results.manifest import CLAIMS
from drol_jax.system import reading
from drol_jax.system.atomic import clear_litter, temporary_of, write_text
from drol_jax.system.claims import Claim, claim
from drol_jax.train.processes import is_first, together
from drol_jax.train.settings import different

RUN, LOG, CHECKPOINTS = "run.json", "log.jsonl", "checkpoints"
KEPT = 2
"""Checkpoints that are kept."""
SPARE = 1.5
"""Bytes that a checkpoint is given room for, over those of its arrays."""
Resume = Literal["automatic", "always", "never"]


class RunFolder:
    """One run on disk."""

    def __init__(self, path: Path, record: Mapping[str, Any], claim: Claim | None = None):
        self.path, self._claim = path, claim
        self.record = dict(record)
        """What decides the run's numbers; `steps` among it."""
        self._manager = ocp.CheckpointManager(
            (path / CHECKPOINTS).absolute(),
            options=ocp.CheckpointManagerOptions(
                max_to_keep=KEPT, enable_async_checkpointing=False, cleanup_tmp_directories=True
            ),
        )

    @staticmethod
    def earlier(path: Path) -> dict[str, Any] | None:
        """What `run.json` of an earlier run says; None where there is none.

        Raises:
          UserError: it cannot be read.
        """
        try:
            return reading.document(path / RUN)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(f"{path / RUN} cannot be read ({reason(error)}); choose another --output") from error

    @classmethod
    def open(cls, path: Path, record: Mapping[str, Any], resume: Resume) -> Self:
        """Open a folder for writing; a run with the same record goes on there.

        Raises:
          UserError: it holds another run or something else, a run although `resume` is "never", or none although it
            is "always"; another process trains there; or it cannot be written.
        """
        earlier = cls.earlier(path)
        together()  # all have looked before the first one writes
        record = json.loads(json.dumps(record))
        if earlier is None:
            if resume == "always":
                raise UserError(f"{path} holds no run to go on with; drop --resume always, or name another --output")
            if path.exists() and not _is_fresh(path):
                raise UserError(f"{path} is there already and is no run of training; choose another --output")
        else:
            if resume == "never":
                raise UserError(f"{path} holds a run already; choose another --output, or drop --resume never")
            found = different(earlier, record)
            if len(found) > 1:  # other weights to begin with follow from another seed or network
                found = [clause for clause in found if not clause.startswith("initial_weights ")]
            if found:
                raise UserError(f"{path} holds a run of other settings ({'; '.join(found)}); choose another --output")
        try:
            path.mkdir(parents=True, exist_ok=True)
            mine = _alone(path) if is_first() else None
            if mine is not None:
                if cls.earlier(path) != earlier:
                    mine.release()
                    raise UserError(f"another process began a run in {path} meanwhile; run the same command again")
                clear_litter(path)
        except OSError as error:
            raise UserError(f"cannot write to {path}: {reason(error)}; choose another --output") from error
        if earlier is None and is_first():
            write_text(path / RUN, json.dumps(record, indent=1) + "\n")
        together()
        return cls(path, record, mine)

    def save(self, step: int, tree: Any) -> None:
        """Keep a checkpoint, whole or not at all; the ones before the last two go.

        Args:
          step: steps taken.
          tree: of arrays.

        Raises:
          UserError: it cannot be written; the earlier ones are as they were.
        """
        if step in self._manager.all_steps():
            return
        flat = _flat(tree)
        try:
            # Orbax's own threads die loudly where the disk is full, so space is looked for before they start.
            if is_first():
                self._reserve(SPARE * sum(array.nbytes for array in flat.values()))
            self._manager.save(step, args=ocp.args.StandardSave(flat), force=True)
            self._manager.check_for_errors()
        except (OSError, ValueError, RuntimeError) as error:
            last = self.last()
            words = f"the one of step {last} is intact" if last is not None else "there is none yet"
            raise UserError(
                f"cannot write a checkpoint in {self.path / CHECKPOINTS} ({reason(error).splitlines()[0]}); {words}; "
                "free space and run the same command again"
            ) from error

    def _reserve(self, count: float) -> None:
        """Raises OSError where so many bytes cannot be written."""
        if not hasattr(os, "posix_fallocate"):
            return
        path = temporary_of(self.path / CHECKPOINTS / "space")
        try:
            with path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, int(count))
        finally:
            path.unlink(missing_ok=True)

    def last(self) -> int | None:
        """Steps taken at the last whole checkpoint; None where there is none."""
        return self._manager.latest_step()

    def restore(self, like: Any) -> Any:
        """The last checkpoint, as numpy arrays in the structure of `like`.

        Raises:
          UserError: it cannot be read.
        """
        wanted = _flat(like)
        try:
            found = self._manager.restore(
                self.last(),
                args=ocp.args.StandardRestore({key: np.empty(x.shape, x.dtype) for key, x in wanted.items()}),
            )
        except (jax.errors.JaxRuntimeError, MemoryError):  # no room for it, which deleting it would not mend
            raise
        except Exception as error:  # Orbax and TensorStore raise many kinds, all of which mean this here.
            first = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(
                f"the checkpoint of step {self.last()} in {self.path / CHECKPOINTS} cannot be read ({first}); delete "
                f"{self.path / CHECKPOINTS / str(self.last())} to go on from the one before"
            ) from error
        return jax.tree.unflatten(jax.tree.structure(like), [found[key] for key in wanted])

    def log(self, line: Mapping[str, Any]) -> None:
        """Append a line to the log, which the first process keeps.

        Raises:
          UserError: it cannot be written.
        """
        if not is_first():
            return
        try:
            with (self.path / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise UserError(f"cannot write {self.path / LOG}: {reason(error)}; free space and run it again") from error

    def lines(self, until: int | None = None) -> list[dict[str, Any]]:
        """The log, by default all; up to a step, what comes later is deleted: it will be done again."""
        path = self.path / LOG
        if not path.exists():
            return []
        lines = []
        for text in reading.text(path).splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:  # the last line of a process that was killed
                break
        if until is not None:
            lines = [line for line in lines if line["step"] <= until]
            if is_first():
                write_text(path, "".join(json.dumps(line) + "\n" for line in lines))
        return lines

    def close(self) -> None:
        with suppress(Exception):  # after a failed write, which was told of, its threads have nothing to add
            self._manager.close()
        if self._claim is not None:
            self._claim.release()


def _alone(path: Path) -> Claim:
    """The right to train in a folder."""
    mine = claim(path / CLAIMS / "train")
    if mine is None:
        raise UserError(f"another process trains in {path}; wait until it has ended, or choose another --output")
    return mine


def _is_fresh(path: Path) -> bool:
    """Whether nothing lies there, or what a process left that was killed as it began a run."""
    return path.is_dir() and all(inside.match(f".{RUN}.*.tmp") or inside.name == CLAIMS for inside in path.iterdir())


def _flat(tree: Any) -> dict[str, np.ndarray]:
    """Every leaf by a name made of its path."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {
        f"{number:04d}" + jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(jax.device_get(leaf))
        for number, (path, leaf) in enumerate(leaves)
    }
