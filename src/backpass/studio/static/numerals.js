// How numbers and their names are written: the notes' symbols, subscripts and superscripts.

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const digits = (n, alphabet) => [...String(n)].map((d) => alphabet[+d]).join("");

export const below = (n) => digits(n, SUBSCRIPTS);
export const above = (l) => "⁽" + digits(l, SUPERSCRIPTS) + "⁾";

export const short = (v) => {
  if (!Number.isFinite(v)) return String(v ?? "—");
  if (v === 0) return "0";
  const size = Math.abs(v);
  return size >= 1e-3 && size < 1e5 ? String(+v.toPrecision(5)) : v.toExponential(3);
};

// For a circle's width: two or three digits.
export const brief = (v) => {
  const size = Math.abs(v);
  if (v === 0 || (size >= 0.01 && size < 100)) return String(+v.toPrecision(2));
  return v.toExponential(0);
};

export const bracketed = (v) => (v < 0 ? `(${short(v)})` : short(v));

// A sum with its numbers; of a long one the first and last terms, and how many are between.
const [HEAD, TAIL] = [8, 3];
export function summed(terms, plus = " + ") {
  if (terms.length <= HEAD + TAIL + 1) return terms.join(plus);
  const left = terms.length - HEAD - TAIL;
  return [...terms.slice(0, HEAD), `… (${left} more terms) …`, ...terms.slice(-TAIL)].join(plus);
}
