import type { HostPort } from './sip-message.js';

/** SDP as a phone with one audio stream of PCMA writes and reads it. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface RemoteAudio {
  readonly address: HostPort;
  /** Payload type of telephone-event, null when it is not offered. */
  readonly eventType: number | null;
  readonly hasPcma: boolean;
  /** As the other side says it: `sendonly` means that it does not listen. */
  readonly direction: Direction;
}

/** `version` rises with each change of the same session. */
export function writeSdp(
  host: string,
  port: number,
  direction: Direction,
  session: { readonly id: number; readonly version: number },
  eventType = 101,
): string {
  return [
    'v=0',
    `o=- ${session.id} ${session.version} IN IP4 ${host}`,
    's=measuring phone',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 8 ${eventType}`,
    'a=rtpmap:8 PCMA/8000',
    `a=rtpmap:${eventType} telephone-event/8000`,
    `a=fmtp:${eventType} 0-16`,
    'a=ptime:20',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** Null when there is no audio stream. */
export function readSdp(body: string): RemoteAudio | null {
  const lines = body.split(/\r?\n/);
  const media = lines.findIndex((line) => line.startsWith('m=audio '));
  if (media < 0) return null;
  const nextMedia = lines.findIndex((line, i) => i > media && line.startsWith('m='));
  const section = lines.slice(media, nextMedia < 0 ? undefined : nextMedia);
  const [, port = '0', , ...types] = (lines[media] as string).split(/\s+/);
  const connection = section.find((line) => line.startsWith('c=')) ?? lines.find((line) => line.startsWith('c='));
  const host = connection?.split(/\s+/)[2] ?? '127.0.0.1';
  const event = section
    .map((line) => /^a=rtpmap:(\d+) telephone-event\/8000/i.exec(line)?.[1])
    .find((type) => type !== undefined);
  const said = [...section, ...lines.slice(0, media)].map(
    (line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.exec(line.trim())?.[1],
  );
  return {
    address: { host, port: Number(port) },
    eventType: event === undefined ? null : Number(event),
    hasPcma: types.includes('8'),
    direction: (said.find((direction) => direction !== undefined) ?? 'sendrecv') as Direction,
  };
}

/** What we say to what they said. */
export const mirrored = (theirs: Direction): Direction =>
  theirs === 'sendonly' ? 'recvonly' : theirs === 'recvonly' ? 'sendonly' : theirs;
