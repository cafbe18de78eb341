"""Motion between frames: optical strain, scaling of flow images, descriptors."""
