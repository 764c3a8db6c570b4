import type { DrawnEdge, DrawnNode, FlowDrawing } from '../views.js';
import { LINE, STUB_GAP, stubText, widthOf } from './draw-flow.js';

/**
 * A drawing as one SVG that stands alone: no script, no font or style from elsewhere. Shapes: start has a thick border, ends are
 * round, questions (branch, hours) have slanted sides, what waits for an agent or a person is filled.
 */
export function flowSvg(drawing: FlowDrawing, title: string): string {
  const { width, height } = drawing;
  const top = LINE * 2 + 8;
  const wide = Math.max(width, widthOf(title) + 48);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${height + top}" width="${wide}" height="${height + top}" role="img" font-family="${FONTS}" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#5b6672"/></marker></defs>',
    `<rect width="${wide}" height="${height + top}" fill="#fff"/>`,
    `<text class="title" x="24" y="30">${escaped(title)}</text>`,
    `<g transform="translate(${round((wide - width) / 2)} ${top})">`,
    ...drawing.edges.map(line),
    ...drawing.nodes.map(box),
    ...drawing.edges.map(lineLabel),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

const FONTS = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
const STYLE = [
  '.title{font-size:17px;font-weight:600;fill:#17202a}',
  '.id{font-weight:600;fill:#17202a}.kind{font-size:11px;fill:#5b6672}.words{font-size:12px;fill:#34404c}',
  '.way{fill:none;stroke:#8a95a1;stroke-width:1.3}.unwritten{stroke-dasharray:4 4}',
  '.on{font-size:12px;fill:#17202a;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}.stub{fill:#5b6672}',
].join('');

/** Fill and border by what a node does to the caller: hears, is asked, is decided about, waits for a person, leaves. */
const COLOURS: ReadonlyArray<readonly [kinds: readonly string[], fill: string, border: string]> = [
  [['play', 'say'], '#eef5ff', '#5b8bd0'],
  [['menu', 'collect', 'survey', 'language', 'voicemail'], '#fff6e0', '#c79a2b'],
  [['branch', 'hours', 'identify', 'set', 'next', 'goto', 'return'], '#f3f4f6', '#8a95a1'],
  [['lookup', 'send'], '#f4ecfb', '#9a6cc4'],
  [['queue', 'transfer', 'callback'], '#e6f6ea', '#4a9a61'],
  [['flow'], '#e5f5f7', '#3c94a1'],
  [['hangup'], '#fdeceb', '#c4635b'],
];

function coloursOf(kind: string): readonly [fill: string, border: string] {
  const [, fill, border] = COLOURS.find(([kinds]) => kinds.includes(kind)) ?? [[], '#fff', '#8a95a1'];
  return [fill, border];
}

function box(node: DrawnNode): string {
  const { id, kind, label, x, y, width, height, isStart, isEnd } = node;
  const [fill, border] = coloursOf(kind);
  const left = round(x - width / 2);
  const top = round(y - height / 2);
  const pen = `fill="${fill}" stroke="${border}" stroke-width="${isStart ? 3 : 1.4}"`;
  const slant = 9;
  const shape =
    kind === 'branch' || kind === 'hours'
      ? `<path d="M${round(left + slant)} ${top}H${round(left + width)}L${round(left + width - slant)} ${round(top + height)}H${left}z" ${pen}/>`
      : `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${isEnd ? round(height / 2.4) : 5}" ${pen}/>`;
  const texts: Array<[style: string, text: string]> = [
    ['id', id],
    ['kind', `${isStart ? '▶ ' : ''}${kind}${isEnd ? ' ■' : ''}`],
    ...(label === '' ? [] : [['words', label] as [string, string]]),
  ];
  const first = y - ((texts.length - 1) * LINE) / 2 + 4.5;
  const words = texts.map(
    ([style, text], row) =>
      `<text class="${style}" text-anchor="middle" x="${x}" y="${round(first + row * LINE)}">${escaped(text)}</text>`,
  );
  return `<g><title>${escaped(`${id}: ${kind}`)}</title>${shape}${words.join('')}</g>`;
}

function line({ points, to }: DrawnEdge): string {
  const unwritten = to.startsWith('@') ? ' unwritten' : '';
  return `<path class="way${unwritten}" marker-end="url(#tip)" d="${curve(points)}"/>`;
}

/** Through the middles of the pieces, with the corners rounded off. */
function curve(points: DrawnEdge['points']): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    if (next === undefined) parts.push(`L${point.x} ${point.y}`);
    else parts.push(`Q${point.x} ${point.y} ${round((point.x + next.x) / 2)} ${round((point.y + next.y) / 2)}`);
  });
  return parts.join('');
}

function lineLabel(edge: DrawnEdge): string {
  const { label, labelAt, isStub } = edge;
  if (labelAt === null) return '';
  const y = round(labelAt.y + 4.5);
  // Words at the end of a line begin at its tip, however wide the reader's letters are.
  if (isStub)
    return `<text class="on stub" x="${(edge.points.at(-1)?.x ?? 0) + STUB_GAP}" y="${y}">${escaped(stubText(edge))}</text>`;
  return `<text class="on" text-anchor="middle" x="${labelAt.x}" y="${y}">${escaped(label)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Text of a stranger as text of an SVG: no markup, no control or direction characters. */
export function escaped(text: string): string {
  return Array.from(text, (character) => ESCAPES[character] ?? (isOdd(character) ? '' : character)).join('');
}

const ESCAPES: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
});

function isOdd(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code < 32 ||
    (code >= 127 && code < 160) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfffe ||
    code === 0xffff ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}
