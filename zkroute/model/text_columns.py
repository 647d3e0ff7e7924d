"""Order files as columns of text: CSV, Parquet and JSON Lines, with a place for every row.

Nothing is believed here but the file format; `text_values` turns the text into numbers.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from zkroute.errors import MalformedError, UsageError
from zkroute.model.json_text import load_json

MAX_FILE_BYTES = 1 << 29
"""Most bytes a file may hold, counted after decompression."""
MAX_ROWS = 1 << 22


@dataclass(frozen=True)
class TextColumns:
    """A file's columns, each a pyarrow string array of `count` values ("" where not given).

    `place(row)` says where a row stands, as "file:line" or "file: row 7".
    """

    source: str
    columns: dict[str, Any]
    count: int
    place: Callable[[int], str]

    def refuse(self, row: int, field: str, message: str) -> NoReturn:
        """Raise MalformedError naming file, line and field."""
        raise MalformedError(f"{self.place(row)}: {field}: {message}")

    def check_names(self, required: Iterable[str], optional: Iterable[str]) -> None:
        """Refuse a missing required column and any column that is not known."""
        required = list(required)
        known = list(dict.fromkeys([*required, *optional]))
        for name in required:
            if name not in self.columns:
                raise MalformedError(f"{self.source}: column {name!r} is missing")
        for name in self.columns:
            if name not in known:
                raise MalformedError(
                    f"{self.source}: unknown column {name!r}; "
                    f"the columns known here are {', '.join(known)}"
                )

    def take(self, rows: NDArray[np.int64]) -> TextColumns:
        """The rows at these positions, each still knowing where it stood."""
        positions = pa.array(rows)
        columns = {name: values.take(positions) for name, values in self.columns.items()}
        place = self.place
        return TextColumns(self.source, columns, len(rows), lambda row: place(int(rows[row])))


def read_text_columns(path: Path) -> TextColumns:
    """The columns of a file, read by its ending: .csv, .csv.gz, .parquet, .jsonl, .ndjson.

    Raises MalformedError naming file and line; UsageError for another ending or no file.
    """
    endings = [suffix.lower() for suffix in path.suffixes]
    if endings[-1:] == [".csv"] or endings[-2:] == [".csv", ".gz"]:
        columns = _read_csv(path)
    elif endings[-1:] == [".parquet"]:
        columns = _read_parquet(path)
    elif endings[-1:] in ([".jsonl"], [".ndjson"]):
        columns = _read_json_lines(path)
    else:
        raise UsageError(f"{path}: orders are read from .csv, .csv.gz, .parquet or .jsonl files")
    if columns.count > MAX_ROWS:
        raise MalformedError(f"{path}: {columns.count} rows; at most {MAX_ROWS} are read")
    return columns


def _contents(path: Path) -> bytes:
    """Bytes of a file, decompressed where it ends in .gz, never more than MAX_FILE_BYTES."""
    opened: Any = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            data: bytes = file.read(MAX_FILE_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MalformedError(f"{path}: not a whole gzip file: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_FILE_BYTES:
        raise MalformedError(f"{path}: longer than {MAX_FILE_BYTES} bytes")
    return data


def _read_csv(path: Path) -> TextColumns:
    data = _contents(path)
    header = _csv_header(path, data)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
        names = table.column_names
    except pa.ArrowInvalid as error:
        _refuse_csv(path, data, len(header), _one_line(error))
    except UnicodeDecodeError:
        # a header that runs over several lines, which were not all looked at
        raise MalformedError(f"{path}:1: the header is not text in UTF-8") from None
    if names != header:
        raise MalformedError(f"{path}:1: the header is not readable: it must be one line")
    columns = {name: _joined(table.column(name)) for name in header}
    return TextColumns(str(path), columns, table.num_rows, _CsvPlaces(path, data))


def _csv_header(path: Path, data: bytes) -> list[str]:
    first = data[: 1 << 16].split(b"\n", 1)[0].removeprefix(b"\xef\xbb\xbf")
    try:
        header = next(csv.reader([first.decode("utf-8").strip("\r")]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise MalformedError(f"{path}:1: the header is not readable: {error}") from None
    if not any(header):
        raise MalformedError(f"{path}:1: no header; the first line must name the columns")
    for name in header:
        if header.count(name) > 1:
            raise MalformedError(f"{path}:1: column {name!r} is named twice")
    return header


def _refuse_csv(path: Path, data: bytes, width: int, reason: str) -> NoReturn:
    """Say which line is at fault where that can be told, else what the CSV parser said."""
    for line, row in _csv_rows(data):
        if len(row) != width:
            message = f"{len(row)} values, but the header names {width} columns"
            raise MalformedError(f"{path}:{line}: {message}")
    raise MalformedError(f"{path}: not readable as CSV: {reason}")


@dataclass(frozen=True)
class _CsvPlaces:
    """Names the line of a data row; looks for it only when an error needs it."""

    path: Path
    data: bytes

    def __call__(self, row: int) -> str:
        lines = [line for line, _ in _csv_rows(self.data)]
        return f"{self.path}:{lines[row + 1]}" if row + 1 < len(lines) else str(self.path)


def _csv_rows(data: bytes) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error:
        return


def _read_parquet(path: Path) -> TextColumns:
    try:
        file = pa_parquet.ParquetFile(path)
        if file.metadata.num_rows > MAX_ROWS:
            raise MalformedError(f"{path}: {file.metadata.num_rows} rows; at most {MAX_ROWS}")
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(i).total_byte_size for i in groups) > MAX_FILE_BYTES:
            raise MalformedError(f"{path}: longer than {MAX_FILE_BYTES} bytes")
        table = file.read()
        table.validate(full=True)
        names = table.column_names
    except FileNotFoundError:
        raise UsageError(f"{path}: cannot be read: no such file") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise MalformedError(f"{path}: not readable as Parquet: {_one_line(error)}") from None
    if len(set(names)) != len(names):
        raise MalformedError(f"{path}: two columns have the same name")
    columns = {name: _parquet_text(path, name, table.column(name)) for name in names}
    return TextColumns(str(path), columns, table.num_rows, lambda row: f"{path}: row {row + 1}")


def _parquet_text(path: Path, name: str, column: Any) -> Any:
    """The column as text; only text, whole numbers and decimals say exactly what they mean."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_decimal(kind):
        texts = ["" if value is None else _plain(value) for value in column.to_pylist()]
        return pa.array(texts, type=pa.string())
    text_like = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (text_like or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise MalformedError(
            f"{path}: column {name!r} holds {kind}; write it as text, whole numbers or decimals"
        )
    return _joined(column.cast(pa.string()).fill_null(""))


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _read_json_lines(path: Path) -> TextColumns:
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    for number, line in enumerate(_contents(path).split(b"\n"), start=1):
        if line.strip():
            rows.append(_json_row(f"{path}:{number}", line))
            lines.append(number)
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {
        name: pa.array([row.get(name, "") for row in rows], type=pa.string()) for name in names
    }
    return TextColumns(str(path), columns, len(rows), lambda row: f"{path}:{lines[row]}")


def _json_row(place: str, line: bytes) -> dict[str, str]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values = dict(pairs)
        if len(values) != len(pairs):
            raise ValueError("a key is given twice")
        return values

    try:
        row = load_json(line.decode("utf-8"), object_pairs_hook=unique)
    except (RecursionError, ValueError) as error:
        raise MalformedError(f"{place}: not a JSON object: {error}") from None
    if not isinstance(row, dict):
        raise MalformedError(f"{place}: not a JSON object")
    return {name: _json_text(place, name, value) for name, value in row.items()}


def _json_text(place: str, name: str, value: object) -> str:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise MalformedError(f"{place}: {name}: not valid Unicode") from None
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    kind = {float: "a float", bool: "true or false", type(None): "null"}.get(type(value), "nested")
    raise MalformedError(
        f"{place}: {name}: must be text in quotes or a whole number, not {kind}; "
        'write decimals as text, like "0.25"'
    )


def _one_line(error: Exception) -> str:
    """A library's message, which may run over several lines, as part of a sentence."""
    return " ".join(str(error).split())


def _joined(column: Any) -> Any:
    """One contiguous array of a column that may come in chunks."""
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    return column
