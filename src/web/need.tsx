import type { ComponentChildren } from 'preact';
import type { QueueView } from '../service-level/views.js';
import { formatClock, formatShare } from './format.js';
import { Mark } from './icons.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** What it would take to reach the target, in plain words: every figure is the server's. */
export function Need({ queue }: { queue: QueueView }) {
  const words = WORDS[language.value];
  const { outlook, serviceLevel, estimateError } = queue;
  const short = outlook.agentsNeeded - outlook.agentsPresent;
  const basis = words.needBasis(Math.round(outlook.callsPerHour), formatClock(outlook.ahtMs), formatClock(outlook.patienceMs));
  return (
    <ul class="need" aria-label={words.needed}>
      {serviceLevel.share !== null && (
        <Item name="goodInARow" mark={outlook.goodInARow === 0 ? 'met' : 'missed'} isBad={outlook.goodInARow !== 0}>
          {outlook.goodInARow === null
            ? words.outOfReach
            : outlook.goodInARow === 0
              ? words.targetHeld
              : words.goodInARow(outlook.goodInARow)}
        </Item>
      )}
      {outlook.restShare !== null && outlook.expectedRest !== null && (
        <Item name="restShare" mark={outlook.restShare > 1 ? 'missed' : 'met'} isBad={outlook.restShare > 1}>
          {outlook.restShare > 1
            ? words.restOutOfReach(outlook.expectedRest)
            : outlook.restShare <= 0
              ? words.restSafe(outlook.expectedRest)
              : words.restShare(formatShare({ share: outlook.restShare }), outlook.expectedRest)}
        </Item>
      )}
      {(outlook.callsPerHour > 0 || outlook.agentsPresent > 0) && (
        <Item name="agentsNeeded" mark={short > 0 ? 'missed' : 'met'} isBad={short > 0} title={basis}>
          {short > 0
            ? words.agentsShort(short, outlook.agentsNeeded, outlook.agentsPresent)
            : short < 0
              ? words.agentsSpare(-short, outlook.agentsNeeded, outlook.agentsPresent)
              : words.agentsEnough(outlook.agentsNeeded)}
        </Item>
      )}
      {estimateError !== null && (
        <Item name="estimateError" mark="none" isBad={false}>
          {words.estimateError(Math.round(estimateError.meanAbsMs / 1_000), estimateError.calls)}
        </Item>
      )}
    </ul>
  );
}

interface ItemProps {
  readonly name: string;
  readonly mark: 'met' | 'missed' | 'none';
  readonly isBad: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

function Item({ name, mark, isBad, title, children }: ItemProps) {
  return (
    <li data-need={name} data-bad={isBad} title={title}>
      <Mark name={mark} /> <span>{children}</span>
    </li>
  );
}
