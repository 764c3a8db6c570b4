import { signal } from '@preact/signals';

/** One short tone for each new alarm, once. A browser lets a page sound only after it was touched, so that is said as long as it is so. */

export type Sound = 'off' | 'blocked' | 'on';
export const sound = signal<Sound>('blocked');
/** How many tones this page has played. */
export const tonesPlayed = signal(0);

const KEY = 'hotline.sounded';
const REMEMBERED = 200;
let context: AudioContext | null = null;

function sounded(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether these alarms have sounded here before; they have from now on. Outlives a reload, so that an upgrade does not ring in a whole hall. */
export function takeUnsounded(ids: readonly string[]): string[] {
  const before = sounded();
  const fresh = ids.filter((id) => !before.includes(id));
  if (fresh.length > 0) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...before, ...fresh].slice(-REMEMBERED)));
    } catch {
      // Storage may be forbidden: then a reload sounds again.
    }
  }
  return fresh;
}

/** Looks whether the page may sound. Safe to call at any time. */
export function prepareSound(): void {
  if (context !== null || typeof AudioContext === 'undefined') return;
  context = new AudioContext();
  const told = (): void => {
    if (sound.value !== 'off') sound.value = context?.state === 'running' ? 'on' : 'blocked';
  };
  context.onstatechange = told;
  told();
}

/** Pressed by a person: on, or off. */
export async function toggleSound(): Promise<void> {
  if (sound.value === 'on') {
    sound.value = 'off';
    return;
  }
  prepareSound();
  sound.value = 'blocked';
  await context?.resume();
  sound.value = context?.state === 'running' ? 'on' : 'blocked';
}

/** Two notes of a fifth of a second, not loud; higher for what is critical. Nothing while the page may not sound. */
export function playTone(isCritical: boolean): void {
  if (sound.value !== 'on' || context === null) return;
  const begin = context.currentTime;
  [isCritical ? 880 : 660, isCritical ? 1_175 : 880].forEach((pitch, at) => {
    const [tone, loudness] = [(context as AudioContext).createOscillator(), (context as AudioContext).createGain()];
    const from = begin + at * 0.22;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, from);
    loudness.gain.exponentialRampToValueAtTime(0.2, from + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.2);
    tone.connect(loudness).connect((context as AudioContext).destination);
    tone.start(from);
    tone.stop(from + 0.22);
  });
  tonesPlayed.value += 1;
}
