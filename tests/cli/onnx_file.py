"""ONNX files written by hand: just enough of protobuf, to say what other exporters would."""

import struct


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name, shape, values, external=False):
    """Floats as FLOAT, integers as INT64, truth values as BOOL."""
    body = b"".join(field(1, extent) for extent in shape) + field(8, name)
    if external:
        location = field(1, "location") + field(2, "weights.bin")
        return body + field(2, 1) + field(13, location) + field(14, 1)
    kind = type(values[0])
    code, letter = {float: (1, "f"), int: (7, "q"), bool: (9, "?")}[kind]
    return body + field(2, code) + field(9, struct.pack(f"<{len(values)}{letter}", *values))


def attribute(name, value):
    body = field(1, name)
    if isinstance(value, float):
        return body + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, 1)
    if isinstance(value, int):
        return body + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return body + field(4, value) + field(20, 3)
    return body + b"".join(field(8, one) for one in value) + field(20, 7)


class Graph:
    """Nodes are added in order; each has one output unless several are named."""

    def __init__(self):
        self.nodes = []
        self.tensors = []
        self.inputs = []
        self.outputs = []
        self.count = 0

    def constant(self, shape, values, external=False):
        self.count += 1
        name = f"c{self.count}"
        self.tensors.append(tensor(name, shape, values, external))
        return name

    def add(self, op, *inputs, outputs=1, **attributes):
        self.count += 1
        names = [f"{op}_{self.count}_{i}" for i in range(outputs)]
        body = b"".join(field(1, one) for one in inputs)
        body += b"".join(field(2, one) for one in names)
        body += field(3, f"/{op}_{self.count}") + field(4, op)
        body += b"".join(field(5, attribute(k, v)) for k, v in attributes.items())
        self.nodes.append(body)
        return names[0] if outputs == 1 else names

    @staticmethod
    def info(name, kind, shape):
        extents = b"".join(field(1, field(2, e) if isinstance(e, str) else field(1, e))
                           for e in shape)
        return field(1, name) + field(2, field(1, field(1, kind) + field(2, extents)))

    def input(self, name, kind, shape):
        self.inputs.append(self.info(name, kind, shape))
        return name

    def output(self, name, shape):
        self.outputs.append(self.info(name, 1, shape))

    def file(self):
        graph = b"".join(field(1, one) for one in self.nodes) + field(2, "main_graph")
        graph += b"".join(field(5, one) for one in self.tensors)
        graph += b"".join(field(11, one) for one in self.inputs)
        graph += b"".join(field(12, one) for one in self.outputs)
        return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))
