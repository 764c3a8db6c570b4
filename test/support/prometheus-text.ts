/** A small strict reader of the text format of Prometheus (version 0.0.4). Throws at the first line that is not allowed. */

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Series as it is written, with its labels -> value. */
  readonly samples: Map<string, number>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

export function readPrometheusText(text: string): Map<string, MetricFamily> {
  const families = new Map<string, MetricFamily>();
  const helps = new Map<string, string>();
  let current: MetricFamily | null = null;
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP (\S+) (\S.*)$/.exec(line);
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (help) {
      if (helps.has(help[1] as string)) throw new Error(`told twice: ${line}`);
      helps.set(help[1] as string, help[2] as string);
    } else if (type) {
      const [, name, kind] = type as unknown as [string, string, string];
      if (!TYPES.includes(kind) || families.has(name)) throw new Error(`a bad type: ${line}`);
      current = { name, type: kind, help: helps.get(name) ?? '', samples: new Map() };
      families.set(name, current);
    } else readSample(line, current);
  }
  return families;
}

function readSample(line: string, family: MetricFamily | null): void {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!family || !suffixes.some((suffix) => name === family.name + suffix)) throw new Error(`outside its family: ${line}`);
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : value === 'Nan' || value === 'NaN' ? Number.NaN : Number(value);
  if (Number.isNaN(number) && value !== 'NaN' && value !== 'Nan') throw new Error(`not a number: ${line}`);
  if (family.samples.has(name + labels)) throw new Error(`told twice: ${line}`);
  family.samples.set(name + labels, number);
}
