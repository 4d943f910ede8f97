// Which row is meant by a mistake or by a cell of the confusion: one of the page's, or one that the
// server has beside them, which the page then has too.

import { forward, roll } from "../backprop.js";
import { said, sureness } from "./summary.js";

// wish: {row}, a number in the table; or {truth, answer, turn}, the turn's row of a confusion's cell.
export async function placeOf({ pageState, server }, wish) {
  const known = wish.row === undefined ? -1 : pageState.captions.rows.indexOf(wish.row);
  if (known >= 0) return known;
  if (!server) return wish.row === undefined ? ofCell(pageState, wish) : null;
  const found = await server.row(wish);
  return found && taken(pageState, found);
}

function ofCell({ net, theta, X, Y }, { truth, answer, turn }) {
  const Theta = roll(net, theta);
  const rows = X.map((x, i) => ({ i, a: forward(net, Theta, x).a[net.sizes.length] }));
  const alike = rows.filter(({ i, a }) => said(a) === answer && said(Y[i]) === truth);
  alike.sort((p, q) => sureness(q.a) - sureness(p.a));
  return alike.length ? alike[turn % alike.length].i : null;
}

function taken(pageState, { row, x, y, cells }) {
  const { captions } = pageState;
  const known = captions.rows.indexOf(row);
  if (known >= 0) return known;
  pageState.X = [...pageState.X, x]; // whoever holds the rows of before goes on with these
  pageState.Y = [...pageState.Y, y];
  pageState.beside = (pageState.beside ?? 0) + 1;
  captions.rows.push(row);
  for (const name in captions.columns) captions.columns[name].push(cells[name]?.[0] ?? "");
  return pageState.X.length - 1;
}
