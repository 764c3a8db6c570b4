/** Names under which we leave marks on Asterisk's own objects, so that a new process can read them back. Shared with the dialplan: none. */

/** What `remember` leaves on a caller's leg. */
export const NOTE_VARIABLE = 'HOTLINE_NOTE';
/** On a leg that we dialled: `agent,<offerId>` or `outside,<callId>`. A ringing leg is not in Stasis yet and has no other mark. */
export const LEG_VARIABLE = 'HOTLINE_LEG';
/** On a recorded caller's leg: `<recordingId> <file>`. */
export const RECORDING_VARIABLE = 'HOTLINE_RECORDING';
/** A call's bridge is named `<app>:call`, a waiting room `<app>:wait`. */
export const CALL_BRIDGE = 'call';
