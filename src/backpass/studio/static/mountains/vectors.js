// θ as a vector: sums, products, and the main directions of a cloud of points.

export const dot = (p, q) => p.reduce((t, v, k) => t + v * q[k], 0);
export const combine = (p, s, q) => p.map((v, k) => v + s * q[k]);
export const mean = (points) => points[0].map((_, k) => points.reduce((t, p) => t + p[k], 0) / points.length);

// Seeded, so that the same drop finds the same way down.
export function randomNumbers(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// One turn of Jacobi's method: the entry p, q of the symmetric A becomes 0.
function turn(A, V, p, q) {
  const theta = (A[q][q] - A[p][p]) / (2 * A[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const row of [...A, ...V]) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < A.length; k++) [A[p][k], A[q][k]] = [c * A[p][k] - s * A[q][k], s * A[p][k] + c * A[q][k]];
}

// Eigenvalues of a symmetric matrix, the largest first, with their vectors (Jacobi, 1846).
export function eigen(symmetric) {
  const n = symmetric.length;
  const A = symmetric.map((row) => [...row]);
  const V = A.map((_, i) => A.map((__, j) => +(i === j)));
  const largest = Math.max(...A.map((row, i) => Math.abs(row[i])), 1e-300);
  for (let sweep = 0, off = Infinity; sweep < 60 && off > 1e-17 * largest; sweep++) {
    off = 0;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        off = Math.max(off, Math.abs(A[p][q]));
        if (Math.abs(A[p][q]) > 1e-18 * largest) turn(A, V, p, q);
      }
  }
  const order = A.map((_, k) => k).sort((i, j) => A[j][j] - A[i][i]);
  return order.map((k) => ({ value: A[k][k], vector: V.map((row) => row[k]) }));
}
