"""What may change in a contract without breaking those who already use it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def breaks(old: Schema, new: Schema, read_by_others: bool) -> list[str]:
    """Why `new` breaks users of `old`; empty when it does not.

    `read_by_others`: events and answers, which old readers must still understand (nothing they
    read may vanish or change). Otherwise commands and queries, which old senders must still be
    able to send (nothing new may be demanded, nothing old refused).
    """
    return _object(old, new, old.get("$defs", {}), new.get("$defs", {}), read_by_others, "")


def _object(
    old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, read: bool, path: str
) -> list[str]:
    found: list[str] = []
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, shape in before.items():
        if name not in after:
            found.append(f"{path}{name}: removed")
        else:
            found += _shape(shape, after[name], old_defs, new_defs, read, f"{path}{name}")
    demanded = set(new.get("required", [])) - set(old.get("required", []))
    promised = set(old.get("required", [])) - set(new.get("required", []))
    if not read:
        found += [f"{path}{name}: newly required" for name in sorted(demanded)]
    else:
        found += [f"{path}{name}: no longer always there" for name in sorted(promised)]
    return found


def _shape(
    old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, read: bool, path: str
) -> list[str]:
    old, new = _followed(old, old_defs), _followed(new, new_defs)
    if old.get("type") != new.get("type") or old.get("format") != new.get("format"):
        return [f"{path}: another type"]
    found = _values(old, new, read, path)
    if old.get("type") == "object":
        found += _object(old, new, old_defs, new_defs, read, f"{path}.")
    if old.get("type") == "array" and "items" in old:
        found += _shape(old["items"], new.get("items", {}), old_defs, new_defs, read, f"{path}[]")
    if "anyOf" in old:
        before = [_kind(_followed(s, old_defs)) for s in old["anyOf"]]
        after = [_kind(_followed(s, new_defs)) for s in new.get("anyOf", [])]
        narrower, wider = set(before) - set(after), set(after) - set(before)
        found += [f"{path}: another choice of types"] if (wider if read else narrower) else []
    return found


def _values(old: Schema, new: Schema, read: bool, path: str) -> list[str]:
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is None:
        return []
    lost = set(before or ()) - set(after or ())
    added = set(after or ()) - set(before or ())
    return (
        [f"{path}: other values {sorted(map(str, lost or added))}"]
        if (added if read else lost)
        else []
    )


def _followed(shape: Schema, defs: Schema) -> Schema:
    while "$ref" in shape:
        shape = defs[shape["$ref"].rsplit("/", 1)[1]]
    return shape


def _kind(shape: Schema) -> str:
    return str(shape.get("type")) + str(shape.get("format", ""))
