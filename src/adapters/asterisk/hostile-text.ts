import { isPlainId } from '../../base/ids.js';

/**
 * Text that comes from callers, phones and files, made fit for Asterisk or refused. Asterisk reads endpoints (`PJSIP/a&PJSIP/b`),
 * caller ids (`"name" <number>`) and media lists as small languages of their own; nothing from outside may speak in them.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const LONGEST_NUMBER = 40;
const LONGEST_NAME = 80;

/** True if the text holds a control character (a line break above all) or a half of a surrogate pair. */
export const hasControl = (text: string): boolean => text.search(CONTROL) >= 0 || text.search(LONE_SURROGATE) >= 0;

/** A name or number as a phone gave it, for our own use: no control characters, no direction tricks, bounded. */
export const cleanText = (text: string, longest = LONGEST_NAME): string =>
  [...text.replace(CONTROL, '').replace(LONE_SURROGATE, '')].slice(0, longest).join('').trim();

/** Digits dialled by a phone or the number a caller dialled; null if it is anything else. */
export const dialledDigits = (text: string): string | null => (/^[0-9A-Za-z+*#._-]{1,40}$/.test(text) ? text : null);

/** `"name" <number>` for Asterisk's parser. Quotes, angle brackets and backslashes would let a name become a number. */
export function callerIdField(number: string, name: string): string {
  const safeNumber = cleanText(number, LONGEST_NUMBER).replace(/[^0-9A-Za-z+*#._-]/g, '');
  const safeName = cleanText(name).replace(/["<>\\]/g, '');
  return `"${safeName}" <${safeNumber}>`;
}

/** `sip:1001` becomes `PJSIP/1001`; everything that is not exactly one plain endpoint name is null. */
export function phoneEndpoint(address: string): string | null {
  const name = /^sip:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/.exec(address)?.[1];
  return name === undefined ? null : `PJSIP/${name}`;
}

/** `PJSIP/<number>@<trunk>`; null for a number that is not plain digits with a plus before them at most. `trunk` is ours, from the configuration. */
export function trunkEndpoint(number: string, trunk: string): string | null {
  return /^\+?[0-9]{7,15}$/.test(number) && isEndpointName(trunk) ? `PJSIP/${number}@${trunk}` : null;
}

export const isEndpointName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);

/** An absolute sound file as one entry of a media list; null if it could be read as more than that. */
export function soundMedia(path: string): string | null {
  if (!path.startsWith('/') || hasControl(path) || /[,&\\]|(^|\/)\.\.(\/|$)/.test(path)) return null;
  return `sound:${path}`;
}

/** Folders and a name below the recordings folder, each a plain id: `2026/11/21/r-1`. */
export const isRecordingFile = (file: string): boolean => file.length <= 200 && file.split('/').every(isPlainId);
