/**
 * Counts the single assertions of a TAP stream. The result line of a subtest stands after its indented results and only sums them up, so it
 * counts by itself only when there was nothing inside, or when it failed although everything inside passed (a time-out, an exception).
 *
 * @param {string} tap
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countResults(tap) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** Per depth: what was seen below since the last result at this depth. */
  const inside = [];
  let quotedAt = -1;
  for (const line of tap.split('\n')) {
    const indent = line.length - line.trimStart().length;
    // Diagnostics between `---` and `...` may hold anything, even lines that look like results.
    if (quotedAt >= 0) {
      if (indent === quotedAt && line.trim() === '...') quotedAt = -1;
      continue;
    }
    if (line.trim() === '---') {
      quotedAt = indent;
      continue;
    }
    const result = /^( *)(not )?ok\b(.*)$/.exec(line);
    if (!result) continue;
    const depth = Math.floor(result[1].length / 4);
    const below = inside[depth + 1];
    inside.length = depth + 1;
    inside[depth] ??= { any: false, failed: false };
    const here = inside[depth];
    here.any = true;
    const isSkipped = / # (SKIP|TODO)\b/i.test(result[3]);
    const hasFailed = result[2] !== undefined && !isSkipped;
    if (hasFailed) here.failed = true;
    if (below?.any) {
      if (hasFailed && !below.failed) total.failed += 1;
      else if (hasFailed) here.failed = true;
      continue;
    }
    total[isSkipped ? 'skipped' : hasFailed ? 'failed' : 'passed'] += 1;
  }
  return total;
}
