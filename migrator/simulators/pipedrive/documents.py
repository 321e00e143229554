"""How a record is kept: its columns in their own places, the rest as JSON without what every record has anyway.

Rows become documents here and documents rows; nobody else knows the difference.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from migrator.simulators.pipedrive.tables import COLUMNS, COMMON, FLAGS, SORTED_WHEN_EMPTY

Doc = dict[str, Any]
_EMPTY: tuple[Any, ...] = (None, [], {})


class Shape:
    """The form of one kind of record.

    `template` holds what a record has when nothing is known of it. Null and empty values that are the template's
    are not stored, so that JSON paths find the same nothing in both.
    """

    def __init__(self, kind: str, template: Mapping[str, Any]) -> None:
        self.names = (*COMMON, *COLUMNS[kind])
        self.columns = ",".join((*self.names, "doc"))
        self.selected = ",".join((*self.names, "CAST(doc AS BLOB)"))
        self.marks = ",".join((*("?" * len(self.names)), "CAST(? AS TEXT)"))
        self._template = dict(template)
        self._unstored = frozenset(self.names)
        self._blank = {name: value for name, value in template.items() if value in _EMPTY}
        self._fresh: list[tuple[str, Callable[[], Any]]] = [
            (name, type(value)) for name, value in template.items() if isinstance(value, list | dict)
        ]
        self._flags = [name for name in self.names if name in FLAGS]
        self._emptied = [place for place, name in enumerate(self.names) if name in SORTED_WHEN_EMPTY]

    def row(self, doc: Doc) -> list[Any]:
        """The values of a record's columns and its stored rest."""
        values = list(map(doc.get, self.names))
        values[1] = bool(values[1])
        for place in self._emptied:
            if values[place] is None:
                values[place] = ""
        values.append(self._rest(doc))
        return values

    def docs(self, rows: Sequence[Sequence[Any]]) -> list[Doc]:
        """The documents of selected rows, each with values of its own."""
        # One parse of a whole page is several times cheaper than one per row.
        rests = orjson.loads(b"[" + b",".join([row[-1] for row in rows]) + b"]")
        return [self._doc(row, rest) for row, rest in zip(rows, rests, strict=True)]

    def _doc(self, row: Sequence[Any], rest: Doc) -> Doc:
        doc = {**self._template, **rest, **dict(zip(self.names, row, strict=False))}
        for name in self._flags:
            doc[name] = doc[name] == 1
        for place in self._emptied:
            doc[self.names[place]] = row[place] or None
        for name, make in self._fresh:
            if name not in rest:
                doc[name] = make()
        return doc

    def _rest(self, doc: Doc) -> bytes:
        blank, unstored = self._blank, self._unstored
        return orjson.dumps(
            {
                name: value
                for name, value in doc.items()
                if (value or name not in blank or value != blank[name]) and name not in unstored
            }
        )
