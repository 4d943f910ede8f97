"""Files of arrays: NumPy's own, MATLAB's, and MNIST's."""
