/**
 * A caller's number as people may see it: `***0001`. Only the last four digits survive, whatever else the trunk sent; a number
 * without digits (`anonymous`) becomes the empty text.
 */
export function maskNumber(number: string): string {
  const digits = number.slice(-32).replace(/\D/g, '');
  return digits === '' ? '' : `***${digits.slice(-4)}`;
}
