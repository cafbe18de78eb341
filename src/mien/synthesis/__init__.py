"""FACS-driven synthetic faces: exact optical flow of Action Units on the CC0 MakeHuman head."""
