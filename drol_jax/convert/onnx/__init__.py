"""ONNX files read without any other package: the messages of their protobuf, their graphs, a numpy evaluation."""
