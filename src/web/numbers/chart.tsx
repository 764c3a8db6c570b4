import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { PartMissing } from '../dialogs.js';
import { language, themeNow } from '../settings.js';
import { zone } from './parts.js';
import { NUMBER_WORDS } from './words.js';

/** A picture of figures over time, drawn by uPlot, which comes only when a picture is wanted. The table beside it says the same in words. */

export interface Line {
  readonly name: string;
  /** One of the colours of styles.css, and a dash, so that colour is not alone. */
  readonly color: '--info' | '--good' | '--warn' | '--bad' | '--rest' | '--soft';
  readonly dash?: readonly number[];
  readonly values: ReadonlyArray<number | null>;
  readonly kind?: 'line' | 'bars';
}

export interface ChartProps {
  /** Seconds since 1970, or what `xName` says. */
  readonly xs: readonly number[];
  readonly isTime: boolean;
  readonly lines: readonly Line[];
  /** How values are said: `84%`. */
  readonly say?: (value: number) => string;
  readonly label: string;
}

const HEIGHT = 260;

export function Chart(props: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [Plot, setPlot] = useState<typeof uPlot | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const theme = themeNow();
  useEffect(() => {
    import('./plot.js').then(
      (loaded) => setPlot(() => loaded.default),
      () => setFailed(true),
    );
  }, []);
  useEffect(() => {
    const own = frame.current;
    if (Plot === null || own === null) return;
    const plot = new Plot(
      optionsOf(props, Plot, own.clientWidth),
      [[...props.xs], ...props.lines.map(({ values }) => [...values])],
      own,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: own.clientWidth, height: HEIGHT }));
    watch.observe(own);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [Plot, theme, language.value, JSON.stringify([props.xs, props.lines])]);
  if (hasFailed) return <PartMissing />;
  return <div class="chart" role="img" aria-label={props.label} ref={frame} />;
}

function optionsOf({ lines, isTime, say = String }: ChartProps, Plot: typeof uPlot, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: color('--soft'), grid: { stroke: color('--edge'), width: 1 }, ticks: { stroke: color('--edge') } };
  const bars = Plot.paths.bars?.({ size: [0.7, 40] });
  return {
    width,
    height: HEIGHT,
    ...(isTime ? { tzDate: (seconds: number) => Plot.tzDate(new Date(seconds * 1_000), zone()) } : {}),
    scales: {
      x: { time: isTime },
      y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), (high ?? 0) === 0 ? 1 : high * 1.05] },
    },
    axes: [
      isTime ? { ...axis, values: (_plot, splits) => splits.map((seconds) => clock(seconds)) } : { ...axis },
      { ...axis, size: 64, values: (_plot, splits) => splits.map((value) => say(Number(value.toFixed(6)))) },
    ],
    series: [
      {
        label: NUMBER_WORDS[language.peek()][isTime ? 'time' : 'wait'],
        value: (_plot, raw) => (raw === null ? '–' : isTime ? clock(raw) : String(raw)),
      },
      ...lines.map(({ name, color: own, dash, kind }) => ({
        label: name,
        stroke: color(own),
        width: 2,
        ...(dash === undefined ? {} : { dash: [...dash] }),
        ...(kind === 'bars' && bars !== undefined ? { paths: bars, fill: `${color(own)}66` } : {}),
        points: { show: kind !== 'bars' && lines[0] !== undefined && lines[0].values.length < 60 },
        value: (_plot: uPlot, raw: number | null) => (raw === null ? '–' : say(raw)),
      })),
    ],
    cursor: { drag: { x: false, y: false } },
  };
}

const clock = (seconds: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone(), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    seconds * 1_000,
  );
