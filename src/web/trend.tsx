import type { QueueView } from '../service-level/views.js';
import { formatShare } from './format.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

const STEP = 10;
const HEIGHT = 40;

/** The last hour by five minutes: a full bar met the target, a hollow one did not, a short line had no calls. Said in words too. */
export function Trend({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { target } = queue.serviceLevel;
  const { trend } = queue;
  const shares = trend.map(([good, counted]) => ({ share: counted > 0 ? good / counted : null }));
  const goal = HEIGHT * (1 - target);
  return (
    <svg
      class="trend"
      viewBox={`0 0 ${trend.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${words.lastHour}: ${shares.map(formatShare).join(', ')}`}
    >
      {shares.map(({ share }, at) =>
        share === null ? (
          <rect key={at} class="none" x={at * STEP + 2} y={HEIGHT - 1.5} width={STEP - 4} height={1.5} />
        ) : (
          <rect
            key={at}
            class={share >= target ? 'met' : 'missed'}
            x={at * STEP + 1.5}
            y={Math.min(HEIGHT - 3, HEIGHT * (1 - share)) + 0.75}
            width={STEP - 3}
            height={Math.max(2.25, HEIGHT * share - 0.75)}
          />
        ),
      )}
      <line class="goal" x1={0} x2={trend.length * STEP} y1={goal} y2={goal} />
    </svg>
  );
}
