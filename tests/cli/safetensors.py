"""Reads, changes and writes safetensors files with the standard library alone."""

import json
import struct

SIZES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}
CODES = {"F16": "<e", "F32": "<f", "F64": "<d"}


class TensorFile:
    """Header and data of a file, kept apart so that either can be broken."""

    def __init__(self, content):
        length = struct.unpack("<Q", content[:8])[0]
        self.header = json.loads(content[8:8 + length])
        self.data = bytearray(content[8 + length:])

    def content(self, header=None):
        text = json.dumps(self.header if header is None else header).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + bytes(self.data)

    def offset(self, name, index):
        entry = self.header[name]
        return entry["data_offsets"][0] + index * SIZES[entry["dtype"]]

    def get(self, name, index):
        dtype, at = self.header[name]["dtype"], self.offset(name, index)
        if dtype == "BF16":
            return struct.unpack("<f", b"\0\0" + self.data[at:at + 2])[0]
        return struct.unpack_from(CODES[dtype], self.data, at)[0]

    def set(self, name, index, value):
        dtype, at = self.header[name]["dtype"], self.offset(name, index)
        if dtype == "BF16":  # cut off, which is exact for short numbers
            self.data[at:at + 2] = struct.pack("<f", value)[2:]
        else:
            struct.pack_into(CODES[dtype], self.data, at, value)

    def step(self, name, index):
        """Moves a number to its neighbour away from zero."""
        code = "<I" if self.header[name]["dtype"] == "F32" else "<Q"
        at = self.offset(name, index)
        bits = struct.unpack_from(code, self.data, at)[0]
        struct.pack_into(code, self.data, at, bits + 1)

    def count(self, name):
        begin, end = self.header[name]["data_offsets"]
        return (end - begin) // SIZES[self.header[name]["dtype"]]

    def without(self, name):
        """The file without one tensor."""
        begin, end = self.header[name]["data_offsets"]
        result = TensorFile(self.content())
        del result.header[name]
        del result.data[begin:end]
        for entry in result.header.values():
            if "data_offsets" in entry and entry["data_offsets"][0] >= end:
                entry["data_offsets"] = [one - (end - begin) for one in entry["data_offsets"]]
        return result
