// One stop for Tab in a group of many; inside it arrow keys go from one to the next.

const IN_ROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const IN_COLUMNS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

const within = (k, length) => Math.min(Math.max(k, 0), length - 1);

// The neighbour of a place; in a line of another length, the place as far down in proportion.
function neighbour(lines, [line, k], [across, along]) {
  const next = within(line + across, lines.length);
  const share = lines[line].length > 1 ? k / (lines[line].length - 1) : 0;
  const here = next === line ? k : Math.round(share * (lines[next].length - 1));
  return lines[next][within(here + along, lines[next].length)];
}

// lines: rows of a table, or (columns) the layers of a network; each a list of elements.
export function rove(container, lines, { columns = false } = {}) {
  const moves = columns ? IN_COLUMNS : IN_ROWS;
  const places = new Map();
  lines.forEach((line, l) => line.forEach((item, k) => places.set(item, [l, k])));
  const items = [...places.keys()];
  const stopAt = (chosen) => items.forEach((item) => (item.tabIndex = item === chosen ? 0 : -1));
  if (items.length) stopAt(items[0]);
  container.addEventListener("focusin", ({ target }) => places.has(target) && stopAt(target));
  container.addEventListener("keydown", (event) => {
    const from = places.get(event.target);
    const ends = { Home: items[0], End: items[items.length - 1] };
    const to = from && (ends[event.key] ?? (moves[event.key] && neighbour(lines, from, moves[event.key])));
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
}
