import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Comma-separated values by RFC 4180, for programs and for the spreadsheet of somebody who opens whatever a caller has named himself. */

/** A cell that begins so is a formula to a spreadsheet, and may run commands. */
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;

export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const harmless = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csvLine = (cells: readonly unknown[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** Inner objects become columns of their own, named with a dot: `counts.offered`. Lists stay one cell. */
export function flat(row: object, before = ''): Record<string, unknown> {
  const cells: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const isInner = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isInner) Object.assign(cells, flat(value, `${before}${name}.`));
    else cells[before + name] = value;
  }
  return cells;
}

const BOM = '\ufeff';

/** Sends rows as they come; a reader who is slow slows the pages down, not the memory. The columns are those that are named. */
export function sendCsv(
  reply: FastifyReply,
  file: string,
  columns: readonly string[],
  pages: AsyncIterable<readonly object[]>,
  withBom: boolean,
): FastifyReply {
  async function* lines(): AsyncGenerator<string> {
    yield (withBom ? BOM : '') + csvLine(columns);
    for await (const page of pages) {
      let text = '';
      for (const row of page) {
        const cells = flat(row);
        text += csvLine(columns.map((name) => cells[name]));
      }
      if (text !== '') yield text;
    }
  }
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${file}.csv"`)
    .send(Readable.from(lines(), { objectMode: false, encoding: 'utf8' }));
}
