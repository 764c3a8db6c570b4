import type { Language } from '../words.js';
import { en } from './words-en.js';
import { type FlowWords, zh } from './words-zh.js';

/** Texts of the pages of flows; those that every page needs are in `../words.ts`. */
export const FLOW_WORDS: Record<Language, FlowWords> = { zh, en };
export type { FlowWords };
