"""Owns the TypeScript that the message structs become."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec.inspect as mi

from claudetted.protocol import shapes


def typescript(structs: Iterable[shapes.Struct], unions: Mapping[str, Any]) -> str:
    """Interfaces for every reachable struct, then the named unions of them.

    An absent field means its default, as everywhere on the wire: null, empty, zero or false
    unless its comment tells another.
    """
    found = shapes.reachable([*structs, *unions.values()])
    parts = [_interface(struct) for struct in found]
    parts += [_union(name, union) for name, union in unions.items()]
    return "\n\n".join(parts) + "\n"


def method_table(name: str, rows: Mapping[str, Mapping[str, shapes.Struct]]) -> str:
    """An interface that leads from a wire name to the structs that belong to it."""
    lines = [
        f"  {json.dumps(wire)}: {{ "
        + "; ".join(f"{part}: {shapes.name_of(struct)}" for part, struct in row.items())
        + " };"
        for wire, row in rows.items()
    ]
    return "\n".join([f"export interface {name} {{", *lines, "}"]) + "\n"


def _interface(struct: shapes.Struct) -> str:
    shape = shapes.shape_of(struct)
    lines = _comment(shapes.doc_of(struct), "")
    lines.append(f"export interface {shapes.name_of(struct)} {{")
    if shape.tag_field:
        lines.append(f"  {shape.tag_field}: {json.dumps(shape.tag)};")
    for field in shape.fields:
        lines += _comment(_field_doc(struct, field), "  ")
        mark = "" if field.required else "?"
        lines.append(f"  {field.encode_name}{mark}: {type_text(field.type, struct)};")
    return "\n".join([*lines, "}"])


def _union(name: str, union: Any) -> str:
    shape = mi.type_info(union)
    if isinstance(shape, mi.LiteralType):
        members = [json.dumps(value) for value in union.__args__]
    else:
        assert isinstance(shape, mi.UnionType)
        members = [type_text(member, None) for member in shape.types]
    line = f"export type {name} = {' | '.join(members)};"
    if len(line) <= 100:
        return line
    return f"export type {name} =\n" + "\n".join(f"  | {member}" for member in members) + ";"


def _field_doc(struct: shapes.Struct, field: mi.Field) -> str:
    doc = shapes.field_docs(struct).get(field.encode_name, "")
    default = None if field.required else shapes.default_of(field)
    return f"{doc} Absent: {json.dumps(default)}.".strip() if default else doc


def _comment(text: str, indent: str) -> list[str]:
    if not text:
        return []
    if "\n" not in text and len(text) <= 92 - len(indent):
        return [f"{indent}/** {text} */"]
    lines = [
        line
        for paragraph in text.split("\n\n")
        for line in ["", *textwrap.wrap(" ".join(paragraph.split()), 94 - len(indent))]
    ][1:]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def type_text(shape: mi.Type, struct: shapes.Struct | None) -> str:
    match shape:
        case mi.StructType():
            return shapes.name_of(shape.cls)
        case mi.UnionType():
            return " | ".join(type_text(member, struct) for member in shape.types)
        case mi.ListType():
            return f"Array<{type_text(shape.item_type, struct)}>"
        case mi.DictType():
            return f"Record<string, {type_text(shape.value_type, struct)}>"
        case mi.LiteralType():
            values = shapes.choices(struct)[frozenset(shape.values)] if struct else shape.values
            return " | ".join(json.dumps(value) for value in values)
        case _:
            return _SIMPLE[type(shape)]


_SIMPLE: dict[type[mi.Type], str] = {
    mi.StrType: "string",
    mi.IntType: "number",
    mi.FloatType: "number",
    mi.BoolType: "boolean",
    mi.NoneType: "null",
    mi.RawType: "unknown",
    mi.AnyType: "unknown",
}
