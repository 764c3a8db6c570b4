/** Questions to systems of the house, by the name of an endpoint of the configuration. Plain values that several floors share. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Why a look-up has no answer. `timeout`: not whole within its time · `status`: an HTTP status other than 2xx (redirects are not followed) · `tooLarge`
 * · `badAnswer`: not JSON · `notReached`: no name, no connection, cut · `forbidden`: the address may not be asked · `noEndpoint` · `busy`: too many under way.
 */
export type LookUpFault = 'timeout' | 'status' | 'tooLarge' | 'badAnswer' | 'notReached' | 'forbidden' | 'noEndpoint' | 'busy';

export type LookUpResult =
  | { readonly ok: true; readonly answer: Json }
  | { readonly ok: false; readonly fault: LookUpFault; readonly detail: string };
