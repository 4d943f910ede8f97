// News come faster than all that they change can be drawn: while they stream, a frame draws one
// part, and the parts take turns; each is drawn from the latest news by then.

export function newTurns(draw) {
  const waiting = new Map(); // by the part's name: what it is drawn from; who waits keeps the place
  const next = () => {
    const [name, given] = waiting.entries().next().value;
    waiting.delete(name);
    draw[name](given);
  };
  return {
    add: (name, given) => waiting.set(name, given),
    // Whether any part still waits.
    frame(streams) {
      if (streams && waiting.size) next();
      else while (waiting.size) next();
      return waiting.size > 0;
    },
  };
}
