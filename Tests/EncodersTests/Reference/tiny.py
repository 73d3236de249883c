"""Writes tiny.onnx, an encoder of two convolutions for tests, byte by byte: it needs nothing but Python.

    tiny.py FILE.onnx

It takes RGB images of any size, [1, 3, height, width], and gives `fine` (8 features at a quarter of the side), `coarse` (12 at an eighth) and
`whole` (the means of these 12). Its weights are drawn by a fixed seed.
"""
import math
import random
import struct
import sys


def varint(value):
    data = b""
    while True:
        data += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if not value:
            return data


def number(field, value):
    return varint(field << 3) + varint(value)


def bytes_(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def integers(name, values):
    return bytes_(5, bytes_(1, name) + b"".join(number(8, value) for value in values) + number(20, 7))


def integer(name, value):
    return bytes_(5, bytes_(1, name) + number(3, value) + number(20, 2))


def node(kind, inputs, output, *attributes):
    return bytes_(1, b"".join(bytes_(1, name) for name in inputs) + bytes_(2, output) + bytes_(3, output)
                  + bytes_(4, kind) + b"".join(attributes))


def tensor(name, shape, values):
    data = struct.pack(f"<{len(values)}f", *values)
    return bytes_(5, b"".join(number(1, side) for side in shape) + number(2, 1) + bytes_(8, name) + bytes_(9, data))


def value(field, name, shape):
    sides = b"".join(bytes_(1, number(1, side) if isinstance(side, int) else bytes_(2, side)) for side in shape)
    return bytes_(field, bytes_(1, name) + bytes_(2, bytes_(1, number(1, 1) + bytes_(2, sides))))


def convolution(inputs, output, kernel, stride):
    pad = kernel // 2
    return node("Conv", inputs, output, integers("kernel_shape", [kernel] * 2), integers("pads", [pad] * 4),
                integers("strides", [stride] * 2))


def model():
    draw = random.Random(1)

    def weights(count, inputs):
        return [draw.randrange(-256, 257) / 256 * 2.0 ** -round(math.log2(inputs) / 2) for _ in range(count)]

    graph = b"".join([
        convolution(["images", "a", "b"], "first", 5, 4),
        node("Relu", ["first"], "fine"),
        convolution(["fine", "c", "d"], "second", 3, 2),
        node("Relu", ["second"], "coarse"),
        node("GlobalAveragePool", ["coarse"], "means"),
        node("Flatten", ["means"], "whole", integer("axis", 1)),
        bytes_(2, "tiny"),
        tensor("a", [8, 3, 5, 5], weights(600, 75)), tensor("b", [8], weights(8, 4)),
        tensor("c", [12, 8, 3, 3], weights(864, 72)), tensor("d", [12], weights(12, 4)),
        value(11, "images", [1, 3, "height", "width"]),
        value(12, "fine", [1, 8, "h", "w"]), value(12, "coarse", [1, 12, "i", "j"]), value(12, "whole", [1, 12]),
    ])
    return number(1, 8) + bytes_(7, graph) + bytes_(8, bytes_(1, "") + number(2, 13))


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.write(model())
