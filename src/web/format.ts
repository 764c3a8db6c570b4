import type { Ms } from '../base/time.js';
import type { Share } from '../service-level/views.js';

/** Figures as text. An empty denominator is a dash, in every language. */
export const DASH = '–';

/** One decimal, as everywhere where the share is told. */
export function formatShare(share: Pick<Share, 'share'>): string {
  return share.share === null ? DASH : `${(share.share * 100).toFixed(1)}%`;
}

export const formatTarget = (target: number): string => `${Number((target * 100).toFixed(1))}%`;

/** `0:07`, `12:34`, `1:02:03`. Never below zero, whatever the clocks say. */
export function formatClock(ms: Ms): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** A mean: seconds with one decimal below a minute, else as a clock. */
export function formatMean(ms: Ms | null): string {
  if (ms === null) return DASH;
  return ms < 59_950 ? `${(ms / 1_000).toFixed(1)}s` : formatClock(Math.round(ms / 1_000) * 1_000);
}

/** Seconds until the threshold, rounded up while it can be met; seconds past it when it was not, rounded up too: nobody is 0 s late. */
export function secondsLeft(enteredAtMs: Ms, withinMs: Ms, nowMs: Ms): { left: number; isLate: boolean } {
  const leftMs = enteredAtMs + withinMs - nowMs;
  return leftMs >= 0 ? { left: Math.ceil(leftMs / 1_000), isLate: false } : { left: Math.ceil(-leftMs / 1_000), isLate: true };
}

export function siteClock(nowMs: Ms, timeZone: string, language: string): { time: string; date: string } {
  const at = new Date(nowMs);
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  return {
    time: new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at),
    date: new Intl.DateTimeFormat(locale, { timeZone, weekday: 'short', month: 'long', day: 'numeric' }).format(at),
  };
}
