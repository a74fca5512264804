"""XML from outside, read whole into plain nodes: no document types, hence no entities; bounded in every direction."""

from collections.abc import Iterator
from xml.parsers import expat

from saqta.model.errors import InputError

XML_BYTES_MAX = 10 << 20
ELEMENTS_MAX = 500_000
DEPTH_MAX = 64


class Node:
    """An element: its namespace (empty where it has none) and name, its attributes (``uri}name`` in a namespace), its
    text without white space around it, its children in order, and the ``line`` where it begins, from 1."""

    __slots__ = ("attributes", "children", "line", "name", "namespace", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.namespace, _, self.name = tag.rpartition("}")
        self.attributes, self.line = attributes, line
        self.text = ""
        self.children: list[Node] = []

    def all(self, path: str) -> Iterator["Node"]:
        """Those that ``path``, names with ``/`` between them, leads to, in order; namespaces don't matter."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def first(self, path: str) -> "Node | None":
        """The first that ``path`` leads to."""
        return next(self.all(path), None)

    def text_at(self, path: str) -> str:
        """The text of the first that ``path`` leads to; empty where there is none."""
        found = self.first(path)
        return found.text if found is not None else ""


def read_xml(content: bytes, field: str = "file") -> Node:
    """The root of a document. InputError names ``field``, and the line where it is no plain XML, or too much of it."""
    if len(content) > XML_BYTES_MAX:
        raise InputError(field, f"{len(content)} bytes", f"at most {XML_BYTES_MAX} bytes of XML")
    builder = _Builder(field)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = lambda tag, attributes: builder.start(tag, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InputError(field, content[:40], f"well-formed XML ({error})") from error
    return builder.root


class _Builder:
    def __init__(self, field: str) -> None:
        self._field = field
        self._open: list[Node] = []
        self._count = 0
        self.root: Node

    def doctype(self, name: str, *_: object) -> None:
        raise InputError(self._field, f"<!DOCTYPE {name}", "XML without a document type")

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self._count += 1
        if self._count > ELEMENTS_MAX:
            raise InputError(self._field, f"more than {ELEMENTS_MAX} elements", "no more than that")
        if len(self._open) >= DEPTH_MAX:
            raise InputError(self._field, f"line {line}", f"elements at most {DEPTH_MAX} deep")
        node = Node(tag, attributes, line)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, tag: str) -> None:
        node = self._open.pop()
        node.text = node.text.strip()

    def characters(self, text: str) -> None:
        self._open[-1].text += text
