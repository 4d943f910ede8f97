// A row's answer as the sum that it is: each member's answer times its share.

export function apartOf({ members, counted, answers, outputs, keep, even }, row, k) {
  const lines = counted.map((number, j) => {
    const [share, alone] = [members[number].share, answers[row][j][k]];
    return { number, share, alone, part: share * alone };
  });
  lines.sort((p, q) => q.share - p.share);
  const sum = lines.reduce((total, { part }) => total + part, 0);
  return { lines, sum, answer: keep * sum + even, output: outputs[k] };
}
