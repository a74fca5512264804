"""Models that the operator brings: an ONNX file and what is known of it, from a picture to things in boxes."""
