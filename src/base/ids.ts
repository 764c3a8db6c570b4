/**
 * Branded identifiers. A brand costs nothing at run time and stops an agent id from being passed as a call id.
 * Every id that reaches a switch, Redis or a file name keeps to the alphabet of {@link isPlainId}.
 */
declare const brand: unique symbol;
type Id<B extends string> = string & { readonly [brand]: B };

/** One caller's stay, from arrival to the last goodbye. */
export type CallId = Id<'CallId'>;
/** One channel on one switch. Inbound legs are named by the switch, legs that we make are named by us. */
export type LegId = Id<'LegId'>;
export type QueueId = Id<'QueueId'>;
export type AgentId = Id<'AgentId'>;
/** One presentation of one call to one agent. */
export type OfferId = Id<'OfferId'>;
export type TimerId = Id<'TimerId'>;
export type BridgeId = Id<'BridgeId'>;
export type RecordingId = Id<'RecordingId'>;
export type PlaybackId = Id<'PlaybackId'>;
export type SwitchId = Id<'SwitchId'>;
export type FlowId = Id<'FlowId'>;
export type CustomerId = Id<'CustomerId'>;

const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;

/** Letters, digits, dot, underscore and dash, at most 96: safe in a URL, a Redis key, a file name and a SIP header. */
export const isPlainId = (text: string): boolean => PLAIN.test(text);

/** Names a text as an id. The caller has checked it, or made it. */
export const asId = <T extends string>(text: string): T => text as T;
