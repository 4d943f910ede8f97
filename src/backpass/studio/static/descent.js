// Rules by which θ goes downhill: each remembers what it needs, and makes the next θ of θ and D.

export function gradientDescent() {
  return (theta, d, alpha) => theta.map((t, k) => t - alpha * d[k]);
}

export function momentum() {
  let v = null;
  return (theta, d, alpha) => {
    v = d.map((g, k) => (v ? 0.9 * v[k] : 0) - alpha * g);
    return theta.map((t, k) => t + v[k]);
  };
}

export function adam() {
  let [t, m, v] = [0, null, null];
  return (theta, d, alpha) => {
    m ??= d.map(() => 0);
    v ??= d.map(() => 0);
    t += 1;
    const rate = (alpha * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    return theta.map((p, k) => {
      m[k] = 0.9 * m[k] + 0.1 * d[k];
      v[k] = 0.999 * v[k] + 0.001 * d[k] * d[k];
      return p - (rate * m[k]) / (Math.sqrt(v[k]) + 1e-8);
    });
  };
}
