"""Owns the LuaCATS annotations that the message structs become, for editors' language servers."""

import json
from collections.abc import Iterable

import msgspec.inspect as mi

from claudetted.protocol import shapes

PREFIX = "claudette."


def luacats(structs: Iterable[shapes.Struct]) -> str:
    """A class for every reachable struct. An absent field means its default, as everywhere on the
    wire: null, empty, zero or false unless its comment tells another."""
    return "\n\n".join(_class(struct) for struct in shapes.reachable(structs)) + "\n"


def _class(struct: shapes.Struct) -> str:
    shape = shapes.shape_of(struct)
    doc = [f"---{line}".rstrip() for line in shapes.doc_of(struct).splitlines()]
    lines = [*doc, f"---@class {PREFIX}{shapes.name_of(struct)}"]
    if shape.tag_field:
        lines.append(f"---@field {shape.tag_field} {json.dumps(shape.tag)}")
    return "\n".join([*lines, *(_field(struct, field) for field in shape.fields)])


def _field(struct: shapes.Struct, field: mi.Field) -> str:
    mark = "" if field.required else "?"
    doc = shapes.field_docs(struct).get(field.encode_name, "")
    return f"---@field {field.encode_name}{mark} {_type(field.type, struct)} {doc}".rstrip()


def _type(shape: mi.Type, struct: shapes.Struct) -> str:
    match shape:
        case mi.StructType():
            return PREFIX + shapes.name_of(shape.cls)
        case mi.UnionType():
            return "|".join(dict.fromkeys(_type(member, struct) for member in shape.types))
        case mi.ListType():
            item = _type(shape.item_type, struct)
            return f"({item})[]" if "|" in item else f"{item}[]"
        case mi.DictType():
            return f"table<string, {_type(shape.value_type, struct)}>"
        case mi.LiteralType():
            values = shapes.choices(struct)[frozenset(shape.values)]
            return "|".join(json.dumps(value) for value in values)
        case _:
            return _SIMPLE[type(shape)]


_SIMPLE: dict[type[mi.Type], str] = {
    mi.StrType: "string",
    mi.IntType: "integer",
    mi.FloatType: "number",
    mi.BoolType: "boolean",
    mi.NoneType: "nil",
    mi.RawType: "any",
    mi.AnyType: "any",
}
