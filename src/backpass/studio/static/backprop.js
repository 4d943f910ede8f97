// Backpropagation as the notes tell it, in float64: forward, cost, backward, accumulate, update.
//
// Layers carry the notes' numbers 1..L, so a[1] is the input and Theta[1] leads from layer 1 to 2.
// One example at a time: a[l], z[l] and delta[l] are lists of s_l numbers; Theta[l] has a row for
// each unit of layer l + 1, with the bias in column 0.

const sigmoid = (z) => (z > 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const sigmoidGradient = (z) => Math.exp(-Math.abs(z)) / (1 + Math.exp(-Math.abs(z))) ** 2;
const geluArgument = (z) => 2 * 0.7978845608028654 * (z + 0.044715 * z * z * z);
const geluSlope = (z) => 2 * 0.7978845608028654 * (1 + 3 * 0.044715 * z * z);

export const activations = {
  identity: { g: (z) => z, gPrime: () => 1 },
  logistic: { g: sigmoid, gPrime: sigmoidGradient },
  tanh: { g: Math.tanh, gPrime: (z) => 4 * sigmoidGradient(2 * z) },
  relu: { g: (z) => (z > 0 ? z : 0), gPrime: (z) => (z > 0 ? 1 : 0) },
  leaky_relu: { g: (z) => (z > 0 ? z : 0.01 * z), gPrime: (z) => (z > 0 ? 1 : 0.01) },
  gelu: {
    g: (z) => z * sigmoid(geluArgument(z)),
    gPrime: (z) =>
      sigmoid(geluArgument(z)) + z * sigmoidGradient(geluArgument(z)) * geluSlope(z),
  },
  silu: { g: (z) => z * sigmoid(z), gPrime: (z) => sigmoid(z) + z * sigmoidGradient(z) },
  softplus: { g: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), gPrime: sigmoid },
};

const sum = (numbers) => numbers.reduce((total, v) => total + v, 0);
const softmax = (z) => {
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const total = sum(e);
  return e.map((v) => v / total);
};
const residual = (loss) => (z, y) => losses[loss].h(z).map((a, k) => a - y[k]);
const binaryTerm = (z, y) => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
const poissonTerm = (z, y) => Math.exp(z) - y * z + (y > 0 ? y * Math.log(y) : 0) - y;
const huberTerm = (r, t) => (Math.abs(r) > t ? t * (Math.abs(r) - t / 2) : (r * r) / 2);
const pinballTerm = (r, q) => (r > 0 ? (1 - q) * r : -q * r);
const residuals = (z, y) => z.map((v, k) => v - y[k]);

// Each loss: output activation h, value of one example, and δ of the last layer, all from z.
export const losses = {
  log_loss: {
    h: softmax,
    value: (z, y) => {
      const top = Math.max(...z);
      const ySum = sum(y);
      const shifted = z.map((v) => v - top);
      const logSum = Math.log(sum(shifted.map(Math.exp)));
      return logSum - sum(shifted.map((v, k) => y[k] * v)) + top * (1 - ySum);
    },
    delta: residual("log_loss"),
  },
  binary_log_loss: {
    h: (z) => z.map(sigmoid),
    value: (z, y) => sum(z.map((v, k) => binaryTerm(v, y[k]))),
    delta: residual("binary_log_loss"),
  },
  squared_error: {
    h: (z) => z,
    value: (z, y) => sum(residuals(z, y).map((r) => r * r)) / 2,
    delta: residual("squared_error"),
  },
  poisson: {
    h: (z) => z.map(Math.exp),
    value: (z, y) => sum(z.map((v, k) => poissonTerm(v, y[k]))),
    delta: residual("poisson"),
  },
  absolute_error: {
    h: (z) => z,
    value: (z, y) => sum(residuals(z, y).map(Math.abs)),
    delta: (z, y) => residuals(z, y).map(Math.sign),
  },
  huber: {
    h: (z) => z,
    value: (z, y, t) => sum(residuals(z, y).map((r) => huberTerm(r, t))),
    delta: (z, y, t) => residuals(z, y).map((r) => Math.max(-t, Math.min(t, r))),
  },
  quantile: {
    h: (z) => z,
    value: (z, y, q) => sum(residuals(z, y).map((r) => pinballTerm(r, q))),
    delta: (z, y, q) => residuals(z, y).map((r) => (r > 0 ? 1 - q : r < 0 ? -q : 0)),
  },
};

// θ, unrolled column by column, to Θ[1..L−1].
export function roll(net, theta) {
  const Theta = {};
  let start = 0;
  for (let l = 1; l < net.sizes.length; l++) {
    const [rows, columns] = [net.sizes[l], net.sizes[l - 1] + 1];
    Theta[l] = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => theta[start + j * rows + i]),
    );
    start += rows * columns;
  }
  return Theta;
}

export function unroll(net, Theta) {
  const theta = [];
  for (let l = 1; l < net.sizes.length; l++)
    for (let j = 0; j <= net.sizes[l - 1]; j++) for (const row of Theta[l]) theta.push(row[j]);
  return theta;
}

// z^(l+1) = Θ^(l) [1, a^(l)],  a^(l+1) = g(z^(l+1)); the last layer's g is the loss's h.
export function forward(net, Theta, x) {
  const L = net.sizes.length;
  const [a, z] = [{ 1: x }, {}];
  for (let l = 1; l < L; l++) {
    z[l + 1] = Theta[l].map((row) => row[0] + sum(a[l].map((v, j) => row[j + 1] * v)));
    a[l + 1] = l + 1 === L ? losses[net.loss].h(z[L]) : z[l + 1].map(activations[net.hidden[l - 1]].g);
  }
  return { a, z };
}

// δ^(L) from the loss;  δ^(l) = (Θ^(l)ᵀ δ^(l+1), bias column dropped) ⊙ g′(z^(l)).
export function backward(net, Theta, z, y) {
  const L = net.sizes.length;
  const delta = { [L]: losses[net.loss].delta(z[L], y, net.parameter) };
  for (let l = L - 1; l > 1; l--)
    delta[l] = z[l].map(
      (v, j) =>
        sum(Theta[l].map((row, i) => row[j + 1] * delta[l + 1][i])) *
        activations[net.hidden[l - 2]].gPrime(v),
    );
  return delta;
}

export const zeros = (Theta) =>
  Object.fromEntries(Object.entries(Theta).map(([l, T]) => [l, T.map((row) => row.map(() => 0))]));

// Δ^(l) := Δ^(l) + δ^(l+1) [1, a^(l)]ᵀ
export function accumulate(Delta, a, delta) {
  for (const l in Delta)
    Delta[l].forEach((row, i) => {
      const d = delta[+l + 1][i];
      row[0] += d;
      for (let j = 1; j < row.length; j++) row[j] += d * a[l][j - 1];
    });
}

// D^(l) = Δ^(l)/m + (λ/m) Θ^(l), the bias column without the second term.
export function gradient(Theta, Delta, m, lam) {
  const D = {};
  for (const l in Theta)
    D[l] = Theta[l].map((row, i) => row.map((t, j) => (Delta[l][i][j] + (j > 0 ? lam * t : 0)) / m));
  return D;
}

export function cost(net, Theta, zs, Y, lam) {
  const data = sum(zs.map((z, i) => losses[net.loss].value(z, Y[i], net.parameter)));
  const squares = sum(
    Object.values(Theta).map((T) => sum(T.map((row) => sum(row.slice(1).map((t) => t * t))))),
  );
  return (data + (lam * squares) / 2) / zs.length;
}

// Θ^(l) := Θ^(l) − α D^(l)
export function update(Theta, D, alpha) {
  const next = {};
  for (const l in Theta) next[l] = Theta[l].map((row, i) => row.map((t, j) => t - alpha * D[l][i][j]));
  return next;
}

// The loop over the examples: forward, backward, accumulate; then J and D.
export function costAndGradient(net, Theta, X, Y, lam) {
  const Delta = zeros(Theta);
  const zs = X.map((x, i) => {
    const { a, z } = forward(net, Theta, x);
    accumulate(Delta, a, backward(net, Theta, z, Y[i]));
    return z[net.sizes.length];
  });
  return {
    J: cost(net, Theta, zs, Y, lam),
    D: gradient(Theta, Delta, X.length, lam),
    Delta,
  };
}
