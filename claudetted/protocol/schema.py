"""Owns the JSON Schema of the client protocol: the machine-readable registry.

msgspec's own generator fails on fields that default to raw JSON and names two structs of
one name by their Python path; this walk over `msgspec.inspect` does neither.
"""

from typing import Any

import msgspec.inspect as mi

from claudetted.protocol import errors, shapes
from claudetted.protocol.base import PROTOCOL_LEVEL
from claudetted.protocol.registry import METHODS, NOTIFICATIONS

_REF = "#/$defs/"


def document() -> dict[str, Any]:
    """The whole protocol: methods, notifications, errors, and the structs they mention."""
    faults = errors.all_faults()
    roots: list[Any] = [struct for m in METHODS for struct in (m.params, m.result)]
    roots += [n.params for n in NOTIFICATIONS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "claudetted client protocol",
        "level": PROTOCOL_LEVEL,
        "methods": {
            m.name: {
                "description": m.doc,
                "params": _ref(m.params),
                "result": _ref(m.result),
                "right": m.right,
                "errors": [fault.__name__ for fault in m.faults],
            }
            for m in METHODS
        },
        "notifications": {n.name: {"params": _ref(n.params)} for n in NOTIFICATIONS},
        "errors": {
            fault.__name__: {
                "code": fault.code,
                "description": fault.summary,
                "data": struct_schema(fault.Details),
            }
            for fault in faults
        },
        "$defs": {shapes.name_of(s): struct_schema(s) for s in shapes.reachable(roots)},
    }


def struct_schema(struct: shapes.Struct) -> dict[str, Any]:
    shape = shapes.shape_of(struct)
    properties: dict[str, Any] = {}
    if shape.tag_field:
        properties[shape.tag_field] = {"const": shape.tag}
    for field in shape.fields:
        properties[field.encode_name] = _field_schema(struct, field)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [field.encode_name for field in shape.fields if field.required]
    if shape.tag_field:
        required.insert(0, shape.tag_field)
    if required:
        schema["required"] = required
    if shape.forbid_unknown_fields:
        schema["additionalProperties"] = False
    if doc := shapes.doc_of(struct):
        schema["description"] = doc
    return schema


def _field_schema(struct: shapes.Struct, field: mi.Field) -> dict[str, Any]:
    schema = _type_schema(field.type, struct)
    if doc := shapes.field_docs(struct).get(field.encode_name):
        schema["description"] = doc
    if not field.required:
        schema["default"] = shapes.default_of(field)
    return schema


def _type_schema(shape: mi.Type, struct: shapes.Struct) -> dict[str, Any]:
    match shape:
        case mi.StructType():
            return _ref(shape.cls)
        case mi.UnionType():
            return {"anyOf": [_type_schema(member, struct) for member in shape.types]}
        case mi.ListType():
            return {"type": "array", "items": _type_schema(shape.item_type, struct)}
        case mi.DictType():
            values = _type_schema(shape.value_type, struct)
            return {"type": "object", "additionalProperties": values}
        case mi.LiteralType():
            return {"enum": list(shapes.choices(struct)[frozenset(shape.values)])}
        case mi.StrType():
            return _bounded("string", minLength=shape.min_length, maxLength=shape.max_length)
        case mi.IntType():
            return _bounded("integer", minimum=shape.ge, maximum=shape.le)
        case _:
            return dict(_SIMPLE[type(shape)])


def _bounded(kind: str, **bounds: int | None) -> dict[str, Any]:
    return {"type": kind} | {name: bound for name, bound in bounds.items() if bound is not None}


def _ref(struct: shapes.Struct) -> dict[str, Any]:
    return {"$ref": _REF + shapes.name_of(struct)}


_SIMPLE: dict[type[mi.Type], dict[str, Any]] = {
    mi.FloatType: {"type": "number"},
    mi.BoolType: {"type": "boolean"},
    mi.NoneType: {"type": "null"},
    mi.RawType: {},
    mi.AnyType: {},
}
