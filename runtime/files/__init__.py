"""Files of arrays and images: .npy, .npz, IDX, folders of images."""
