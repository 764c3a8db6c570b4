import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { History } from '../../ports/history.js';
import { PostgresStore } from './postgres-store.js';
import { SqlHistory } from './sql-history.js';
import { SqliteStore } from './sqlite-store.js';

/** `url`: of a PostgreSQL database. Nothing is opened before the first question. */
export type HistoryPlace =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

export function openHistory(place: HistoryPlace): History {
  if (place.kind === 'postgres') return new SqlHistory(new PostgresStore(place.url));
  mkdirSync(dirname(place.file), { recursive: true, mode: 0o700 });
  return new SqlHistory(new SqliteStore(place.file));
}
