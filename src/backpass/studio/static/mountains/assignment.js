// Who takes whose place, so that all together fit best (Kuhn, 1955; the shortest augmenting paths).

// costs: a square matrix; the answer's entry i is the column that row i gets.
export function assign(costs) {
  const n = costs.length;
  const [rows, columns] = [Array(n + 1).fill(0), Array(n + 1).fill(0)]; // potentials
  const owner = Array(n + 1).fill(0); // of each column, rows from 1; 0 is free
  for (let row = 1; row <= n; row++) place(row, costs, rows, columns, owner);
  const order = Array(n);
  for (let j = 1; j <= n; j++) order[owner[j] - 1] = j - 1;
  return order;
}

function place(row, costs, rows, columns, owner) {
  const n = costs.length;
  const [least, from, used] = [Array(n + 1).fill(Infinity), Array(n + 1).fill(0), Array(n + 1).fill(false)];
  owner[0] = row;
  let j = 0;
  do {
    used[j] = true;
    const i = owner[j];
    let [gap, next] = [Infinity, 0];
    for (let k = 1; k <= n; k++) {
      if (used[k]) continue;
      const reduced = costs[i - 1][k - 1] - rows[i] - columns[k];
      if (reduced < least[k]) [least[k], from[k]] = [reduced, j];
      if (least[k] < gap) [gap, next] = [least[k], k];
    }
    for (let k = 0; k <= n; k++) {
      if (!used[k]) least[k] -= gap;
      else [rows[owner[k]], columns[k]] = [rows[owner[k]] + gap, columns[k] - gap];
    }
    j = next;
  } while (owner[j] !== 0);
  for (; j; j = from[j]) owner[j] = owner[from[j]];
}
