"""Motion between frames: flow, strain, head motion, other times, magnification, scales, descriptors."""
