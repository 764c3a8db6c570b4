/**
 * What is different between two values of the same shape, in as few bytes as is easily had, and how to make the second from the first and that.
 *
 * Fields that changed, and of them again only what changed. Where the old value is an object, a change that is `[value]` puts another one in
 * its place. Where the old value is a list of objects, `{list}` has runs `[from, count]` of the old list and new objects, in order; `{value}` is an object in place of the list.
 * Anything else stands for itself.
 */
export type Change = unknown;

type Fields = Readonly<Record<string, unknown>>;

/** Undefined: the two are the same. */
export function changeOf(before: unknown, after: unknown): Change | undefined {
  if (before === after) return undefined;
  if (Array.isArray(before))
    return Array.isArray(after) ? changeOfList(before, after) : isFields(after) ? { value: after } : after;
  if (!isFields(before)) return after;
  if (!isFields(after)) return Array.isArray(after) ? [after] : after;
  if (!haveSameKeys(before, after)) return [after];
  return changedFields(before, after);
}

export function applyChange(before: unknown, change: Change): unknown {
  if (Array.isArray(before)) {
    if (!isFields(change)) return change;
    return 'value' in change ? change.value : listOf(before, change.list as readonly unknown[]);
  }
  if (!isFields(before)) return change;
  if (Array.isArray(change)) return change[0];
  if (!isFields(change)) return change;
  const fields: Record<string, unknown> = { ...before };
  for (const key of Object.keys(change)) fields[key] = applyChange(before[key], change[key]);
  return fields;
}

/** Of two objects with the same keys; undefined: they are the same. */
export function changedFields(before: Fields, after: Fields): Fields | undefined {
  let changed: Record<string, unknown> | undefined;
  for (const key in after) {
    const change = changeOf(before[key], after[key]);
    if (change === undefined) continue;
    changed ??= {};
    changed[key] = change;
  }
  return changed;
}

function changeOfList(before: readonly unknown[], after: readonly unknown[]): Change | undefined {
  if (before.length === after.length && after.every((item, i) => changeOf(before[i], item) === undefined)) return undefined;
  if (before.length === 0 || !after.every(isFields)) return after;
  const places = new Map(before.map((item, i) => [JSON.stringify(item), i]));
  const list: unknown[] = [];
  let run: [from: number, count: number] | null = null;
  for (const item of after) {
    const place = places.get(JSON.stringify(item));
    if (place === undefined) {
      list.push(item);
      run = null;
    } else if (run && run[0] + run[1] === place) run[1] += 1;
    else {
      run = [place, 1];
      list.push(run);
    }
  }
  return { list };
}

const listOf = (before: readonly unknown[], list: readonly unknown[]): unknown[] =>
  list.flatMap((item) =>
    Array.isArray(item) ? before.slice(item[0] as number, (item[0] as number) + (item[1] as number)) : [item],
  );

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

function haveSameKeys(a: Fields, b: Fields): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key));
}
