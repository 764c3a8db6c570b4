import { z } from 'zod';
import { name, titles } from './values.js';

/** `emergency.yaml`: announcements that a supervisor can switch on, for all numbers or some. What is on is kept elsewhere; here are the words. */

export interface EmergencyAnnouncement {
  /** For people who switch it, by language. */
  readonly title: Readonly<Record<string, string>>;
  /** What callers hear, by language; it is the prompt `emergency/NAME`. */
  readonly text: Readonly<Record<string, string>>;
  /** After it: the flow goes on; it goes on and every `hours` node says closed; goodbye. */
  readonly then: 'continue' | 'closed' | 'hangUp';
}

const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, { error: 'a language is written like zh, en or en-GB' });
const spoken = z
  .string({ error: 'a text is needed' })
  .min(1, { error: 'this must not be empty' })
  .max(1_000, { error: 'at most 1,000 characters' })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'no control characters and no line breaks' });

export const emergencyShape = z.strictObject({
  announcements: z.record(
    name,
    z.strictObject({
      title: titles.describe('for the people who switch it, in each language of the site'),
      text: z
        .record(language, spoken, { error: 'a text per language is needed, like { zh: ..., en: ... }' })
        .describe('what callers hear, in each language of the site'),
      // biome-ignore lint/suspicious/noThenProperty: a word of the file; nobody awaits a shape
      then: z
        .enum(['continue', 'closed', 'hangUp'])
        .default('continue')
        .describe('continue: the flow goes on; closed: every hours node says closed; hangUp: goodbye'),
    }),
  ),
});
export type EmergencyFile = z.output<typeof emergencyShape>;

export const buildEmergency = (file: EmergencyFile | null): Readonly<Record<string, EmergencyAnnouncement>> =>
  file?.announcements ?? {};

/** The prompt that an announcement is. */
export const emergencyPrompt = (announcement: string): string => `emergency/${announcement}`;

/** Prompt id -> language -> text, for the prompt builder. */
export const emergencyTexts = (
  announcements: Readonly<Record<string, EmergencyAnnouncement>>,
): ReadonlyMap<string, Readonly<Record<string, string>>> =>
  new Map(Object.entries(announcements).map(([id, { text }]) => [emergencyPrompt(id), text]));
