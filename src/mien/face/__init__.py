"""Faces: found once per clip, cut out by one transform, registered frame by frame, and judged."""
