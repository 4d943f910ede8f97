// A curve by epoch that never grows beyond what a chart can show: every epoch, then every second,
// every fourth, …, and always the last one.

const MOST = 1000;

export function newCurve() {
  return { epochs: [], values: [], stride: 1, last: null };
}

export function addPoint(curve, epoch, value) {
  curve.last = [epoch, value];
  const again = curve.epochs.length - 1; // an epoch whose weights or λ were changed since it was drawn
  if (curve.epochs[again] === epoch) {
    curve.values[again] = value;
    return;
  }
  if (epoch % curve.stride) return;
  curve.epochs.push(epoch);
  curve.values.push(value);
  if (curve.epochs.length > MOST) thin(curve);
}

function thin(curve) {
  curve.stride *= 2;
  const kept = curve.epochs.map((epoch) => epoch % curve.stride === 0);
  curve.epochs = curve.epochs.filter((_, k) => kept[k]);
  curve.values = curve.values.filter((_, k) => kept[k]);
}

// A server's curve from its beginning, as it was thinned there.
export function pastCurve({ epochs, values }) {
  const curve = newCurve();
  epochs.forEach((epoch, k) => addPoint(curve, epoch, values[k]));
  return curve;
}

// [epoch, value] of all points, the last one included.
export function pointsOf({ epochs, values, last }) {
  const points = epochs.map((epoch, k) => [epoch, values[k]]);
  if (last && epochs[epochs.length - 1] !== last[0]) points.push(last);
  return points.filter(([, value]) => Number.isFinite(value));
}
