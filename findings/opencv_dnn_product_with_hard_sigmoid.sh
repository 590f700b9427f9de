#!/bin/bash
# OpenCV's dnn module reads the ONNX product x * HardSigmoid(y) as a hard swish of y: x is not looked at.
#
# Expected: Mul of an input x and HardSigmoid(alpha 1/6, beta 1/2) of another input y is their product, as the ONNX
# operators define it and onnxruntime computes it. This is how a squeeze-and-excite block weighs channels.
# Seen: no error, and y * HardSigmoid(y) comes out, in y's shape where the two differ. With an operator between the two
# that changes nothing, an Identity or a Reshape to the same shape, the product is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper


def model(between):
    nodes = [helper.make_node("HardSigmoid", ["y"], ["gain"], alpha=1 / 6, beta=0.5)]
    constants = []
    if between == "Reshape":
        constants.append(helper.make_tensor("shape", TensorProto.INT64, [4], [1, 2, 1, 1]))
        nodes.append(helper.make_node("Reshape", ["gain", "shape"], ["shaped"]))
    elif between:
        nodes.append(helper.make_node(between, ["gain"], ["shaped"]))
    nodes.append(helper.make_node("Mul", ["x", "shaped" if between else "gain"], ["out"]))
    shapes = {"x": [1, 2, 3, 3], "y": [1, 2, 1, 1], "out": [1, 2, 3, 3]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "g", ends[:2], ends[2:], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


x = np.arange(1, 19, dtype=np.float32).reshape(1, 2, 3, 3)
y = np.array([1.0, -1.0], np.float32).reshape(1, 2, 1, 1)
print("OpenCV", cv2.__version__, "onnxruntime", onnxruntime.__version__)
seen = []
for between in ("", "Identity", "Reshape"):
    content = model(between)
    wanted = onnxruntime.InferenceSession(content).run(None, {"x": x, "y": y})[0]
    net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    net.setInput(x, "x")
    net.setInput(y, "y")
    found = net.forward()
    print(f"{between or 'nothing':8} between: onnxruntime {wanted.shape}, OpenCV {found.shape} {found.ravel()[:2]}")
    seen.append(found.shape == wanted.shape and np.allclose(found, wanted))
swish = (y * np.clip(y / 6 + 0.5, 0, 1)).ravel()
print("hard swish of y:", swish)
print("right:", seen)
sys.exit(seen != [False, True, True])
PYTHON
echo "as described"
