// The many addresses of one network: hidden units may change places, and some may change sign.
//
// As the library's landscape.symmetry: exchanging two units of a layer changes no answer; nor does
// turning the sign of all weights of a unit whose g is odd (a logistic one: about its middle).

import { roll, unroll } from "../backprop.js";
import { assign } from "./assignment.js";
import { combine, dot } from "./vectors.js";

const TURNS = ["identity", "tanh", "logistic"];
const MOST_SWEEPS = 50;

const mayTurn = (net, layer) => TURNS.includes(net.hidden[layer - 2]);
const hiddenLayers = (net) => net.sizes.slice(1, -1).map((_, k) => k + 2);

// Logistic units as a − ½ (half = ½), or back (half = −½): the next layer's biases take it up.
function centred(net, theta, half) {
  const Theta = roll(net, theta);
  for (const layer of hiddenLayers(net))
    if (net.hidden[layer - 2] === "logistic")
      Theta[layer] = Theta[layer].map((row) => [row[0] + half * row.slice(1).reduce((t, v) => t + v, 0), ...row.slice(1)]);
  return Theta;
}

// All weights of each unit: in, bias first, and out.
const weightsOf = (Theta, layer) => Theta[layer - 1].map((row, k) => [...row, ...Theta[layer].map((out) => out[k + 1])]);

// Which of our units stands for each of theirs, and with which sign.
function matched(net, layer, ours, theirs) {
  const likeness = theirs.map((p) => ours.map((q) => dot(p, q)));
  const turns = mayTurn(net, layer);
  const order = assign(likeness.map((row) => row.map((v) => -(turns ? Math.abs(v) : v))));
  return { layer, order, signs: order.map((j, i) => (turns && likeness[i][j] < 0 ? -1 : 1)) };
}

function make({ layer, order, signs }, Theta) {
  const incoming = Theta[layer - 1];
  Theta[layer - 1] = order.map((from, k) => incoming[from].map((v) => signs[k] * v));
  Theta[layer] = Theta[layer].map((row) => [row[0], ...order.map((from, k) => signs[k] * row[from + 1])]);
}

// One layer's units, its neighbours held: whether a move brought θ nearer.
function improve(net, layer, Theta, goal, moves) {
  const [ours, theirs] = [weightsOf(Theta, layer), weightsOf(goal, layer)];
  const move = matched(net, layer, ours, theirs);
  const now = theirs.reduce((t, p, k) => t + dot(p, ours[k]), 0);
  const then = theirs.reduce((t, p, k) => t + move.signs[k] * dot(p, ours[move.order[k]]), 0);
  const size = Math.sqrt(ours.reduce((t, p) => t + dot(p, p), 0) * theirs.reduce((t, p) => t + dot(p, p), 0));
  if (then - now <= 1e-12 * size) return false;
  make(move, Theta);
  moves.push(move);
  return true;
}

function movesFrom(net, theta, goal, fromInput) {
  const [Theta, moves] = [centred(net, theta, 0.5), []];
  for (const layer of fromInput ? hiddenLayers(net) : []) {
    moves.push(matched(net, layer, Theta[layer - 1], goal[layer - 1]));
    make(moves[moves.length - 1], Theta);
  }
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const better = hiddenLayers(net).map((layer) => improve(net, layer, Theta, goal, moves));
    if (!better.includes(true)) break;
  }
  return moves;
}

export function applyMoves(net, theta, moves) {
  if (!moves.length) return theta;
  const Theta = centred(net, theta, 0.5);
  for (const move of moves) make(move, Theta);
  return unroll(net, centred(net, unroll(net, Theta), -0.5));
}

// The moves to the copy that lies nearest to another θ: from two beginnings, and the better end.
export function findMoves(net, theta, to) {
  const goal = centred(net, to, 0.5);
  const distance = (moves) => {
    const apart = unroll(net, centred(net, combine(applyMoves(net, theta, moves), -1, to), 0.5));
    return dot(apart, apart);
  };
  const [first, second] = [true, false].map((fromInput) => movesFrom(net, theta, goal, fromInput));
  return distance(second) < distance(first) ? second : first;
}

export const align = (net, theta, to) => applyMoves(net, theta, findMoves(net, theta, to));
