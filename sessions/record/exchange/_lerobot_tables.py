"""Parquet for LeRobot: one row group an episode. The only file that knows PyArrow.

``meta/tasks.parquet`` is read by pandas, which needs its index named in the schema.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sessions.record.exchange.base import ExchangeError

_FAULTS = (
    pa.ArrowException,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    MemoryError,
    OverflowError,
)


def write(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """One table as one row group; each column of shape (T,) or (T, n).

    Raises:
        ExchangeError: it cannot be written.
    """
    table = pa.table({name: _column(values) for name, values in columns.items() if values.size})
    _write(path, table)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of scalars, lists and lists of lists, all with the same keys.

    Raises:
        ExchangeError: it cannot be written.
    """
    _write(path, pa.Table.from_pylist([dict(row) for row in rows]))


def write_tasks(path: Path, tasks: Sequence[str]) -> None:
    """``meta/tasks.parquet``: by the task's text, its index.

    Raises:
        ExchangeError: it cannot be written.
    """
    described = {
        "index_columns": ["task"],
        "column_indexes": [_described(None, "object", "unicode", {"encoding": "UTF-8"})],
        "columns": [
            _described("task_index", "int64", "int64"),
            _described("task", "object", "unicode"),
        ],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.2.0",
    }
    table = pa.table(
        {"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks)}
    )
    _write(path, table.replace_schema_metadata({"pandas": json.dumps(described)}))


def _described(
    name: str | None, numpy: str, pandas: str, metadata: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "field_name": name,
        "pandas_type": pandas,
        "numpy_type": numpy,
        "metadata": metadata,
    }


def _column(values: NDArray[Any]) -> Any:
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if values.ndim == 1 or values.shape[1] == 1:
        return flat  # what has one component is a number to LeRobot, not a list of one
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _write(path: Path, table: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path, "be written"):
        rows = max(1, table.num_rows)
        pq.write_table(table, path, row_group_size=rows, write_page_checksum=True)


def join(parts: Sequence[Path], target: Path) -> None:
    """Puts tables of the same columns into one file, a row group each.

    Raises:
        ExchangeError: one is torn, or the target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with naming(target, "be written"), contextlib.ExitStack() as stack:
        writer: Any = None
        for part in parts:
            table = pq.read_table(part)
            if writer is None:
                made = pq.ParquetWriter(target, table.schema, write_page_checksum=True)
                writer = stack.enter_context(made)
            writer.write_table(table, row_group_size=max(1, table.num_rows))


class File:
    """A parquet file to read.

    Raises:
        ExchangeError: absent, torn or no parquet file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with naming(path, "be read"):
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            self.rows: int = self._file.metadata.num_rows
            self.groups: int = self._file.metadata.num_row_groups
            self.columns: list[str] = list(self._file.schema_arrow.names)

    def group(self, number: int) -> dict[str, NDArray[Any]]:
        """One row group by column, shape (T,) or (T, n).

        Raises:
            ExchangeError: torn, or there is none of this number.
        """
        with naming(self.path, f"be read at row group {number}"):
            return _arrays(self._file.read_row_group(number))

    def arrays(self, columns: Iterable[str]) -> dict[str, NDArray[Any]]:
        """All rows of some columns, shape (T,) or (T, n); those that are no numbers are left out.

        Raises:
            ExchangeError: torn.
        """
        with naming(self.path, "be read"):
            return _arrays(self._file.read(columns=list(columns)))

    def values(self, columns: Iterable[str]) -> list[dict[str, Any]]:
        """All rows of some columns, as Python has them.

        Raises:
            ExchangeError: torn.
        """
        with naming(self.path, "be read"):
            found: list[dict[str, Any]] = self._file.read(columns=list(columns)).to_pylist()
            return found

    def images(self, column: str, rows: NDArray[np.int64]) -> Iterator[bytes]:
        """The encoded pictures in a column of ``image``s, of ascending rows.

        Raises:
            ExchangeError: torn, or a row has none.
        """
        with naming(self.path, f"be read at {column}"):
            table = self._file.read(columns=[column]).column(column)
            for row in rows.tolist():
                data = (table[row].as_py() or {}).get("bytes")
                if not data:
                    raise ExchangeError(f"{self.path}: {column} has no picture in row {row}.")
                yield data


def _arrays(table: Any) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        kind = column.type
        if pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind):
            if not _number(kind.value_type) or len(column) == 0:
                continue
            width = len(column[0] or ())
            if column.null_count or any(len(row) != width for row in column):
                raise ValueError(f"{name} has not {width} components in every row")
            flat = column.flatten().to_numpy(zero_copy_only=False)
            found[name] = flat.reshape(len(column), width)
        elif _number(kind):
            found[name] = column.to_numpy(zero_copy_only=False)
    return found


def _number(kind: Any) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


@contextlib.contextmanager
def naming(path: Path, what: str) -> Iterator[None]:
    """Turns whatever Arrow says into a sentence with the file in it."""
    try:
        yield
    except ExchangeError:
        raise
    except _FAULTS as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExchangeError(f"{path} cannot {what} ({said}).") from error
