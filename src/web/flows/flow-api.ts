import type { Language } from '../words.js';

/** Addresses of the API about flows. */
export const flowPath = (flowId: string): string => `/api/v1/flows/${encodeURIComponent(flowId)}`;

/** One flow with its text, and its drawing with words of `language`; `version` null: the live one. */
export const detailUrl = (flowId: string, version: string | null, language: Language): string =>
  `${flowPath(flowId)}?${new URLSearchParams({ ...(version === null ? {} : { version }), lang: language })}`;
