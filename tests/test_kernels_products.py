"""The compiled product, block by block, against NumPy's."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scratchrnn.kernels import sequence, tile
from scratchrnn.kernels.vectors import VECTOR, load
from scratchrnn.kernels.workspace import workspace


@numba.njit
def product(out, o, start, s, a, i, column, b, M, J):
    """Give Python a way into `multiply`, which only compiled code calls."""
    tile.multiply(out, o, start, s, a, i, column, b, M, J)


def padded(rng, rows: int, columns: int, dtype) -> np.ndarray:
    """Return random rows, as long as whole panels, with some rows to spare."""
    width = tile.padded(columns, np.dtype(dtype).itemsize)
    return rng.normal(size=(rows + 12, width)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("one_start", [True, False])
@pytest.mark.parametrize(("M", "K", "J"), [(1, 3, 5), (3, 300, 203), (17, 7, 33), (29, 5, 70),
                                           (38, 4, 16), (43, 2, 130), (8, 3, 20), (3, 300, 190),
                                           (1, 257, 96)])  # fmt: skip
def test_every_block_of_rows_and_columns_is_the_product(M, K, J, one_start, dtype):
    rng = np.random.default_rng(M)
    o, s, i, column = (np.int64(n) for n in (2, 0 if one_start else 3, 1, 2))
    out, a = padded(rng, M, J, dtype), rng.normal(size=(M + 2, K + 4)).astype(dtype)
    start = padded(rng, M, J, dtype)[: 1 if one_start else M + 12]
    W, before = rng.normal(size=(K, J)).astype(dtype), out.copy()
    with workspace(np.dtype(dtype)) as work:
        b = sequence.packed(work, W)
        product(out, o, start, s, a, i, column, b, np.int64(M), np.int64(J))
    first = start[0, :J] if one_start else start[s : s + M, :J]
    expected = first + a[i : i + M, column : column + K].astype("float64") @ W
    atol = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(out[o : o + M, :J], expected, rtol=0, atol=atol)
    np.testing.assert_array_equal(out[:o], before[:o])
    np.testing.assert_array_equal(out[o + M :], before[o + M :])
    lanes = VECTOR // out.itemsize
    in_tiles, panels = M // tile.ROWS * tile.ROWS, -(-J // (2 * lanes)) * 2 * lanes
    vectors = -(-J // lanes) * lanes  # of rows that fill tiles, none beyond these is computed
    np.testing.assert_array_equal(out[:, panels:], before[:, panels:])
    np.testing.assert_array_equal(
        out[:, vectors:][o:][:in_tiles], before[:, vectors:][o:][:in_tiles]
    )


@numba.njit
def place(x, b, row, column):
    tile.store_in_panels(b, row, column, load(x, 0, len(x)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_vector_is_stored_as_columns_of_a_row_in_panels(dtype):
    lanes = VECTOR // np.dtype(dtype).itemsize
    K, width = 3, 2 * lanes
    b = np.zeros(tile.panels_off(K, 5 * lanes, VECTOR // lanes), dtype)
    x = np.arange(1, lanes + 1).astype(dtype)
    for column in (0, lanes, 4 * lanes):
        for row in range(K):
            place(x + 100 * column + row, b, np.int64(row), np.int64(column))
    by_row = b[:, : K * width].reshape(-1, K, width).swapaxes(0, 1).reshape(K, -1)
    for row in range(K):
        for column in range(0, 6 * lanes, lanes):
            stored = x + 100 * column + row if column in (0, lanes, 4 * lanes) else 0 * x
            np.testing.assert_array_equal(by_row[row, column : column + lanes], stored)
    assert not b[:, K * width :].any()
