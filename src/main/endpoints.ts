import { HttpLookUps } from '../adapters/look-ups/http-look-ups.js';
import type { Log } from '../ports/log.js';
import type { LookUps } from '../ports/look-ups.js';
import type { Endpoint, LookUpEndpoint, MessageEndpoint } from './config/endpoints.js';
import { OutgoingMessages } from './messages.js';
import { secretReader } from './secret-file.js';

export interface OpenEndpoints {
  readonly lookUps: LookUps;
  readonly messages: OutgoingMessages;
  close(): Promise<void>;
}

/** The systems outside that the configuration names, ready to be asked and told. Nothing is connected before it is needed. */
export function openEndpoints(endpoints: Readonly<Record<string, Endpoint>>, log: Log): OpenEndpoints {
  const asked: Record<string, LookUpEndpoint> = {};
  const told: Record<string, MessageEndpoint> = {};
  for (const [name, endpoint] of Object.entries(endpoints)) {
    if (endpoint.kind === 'lookup') asked[name] = endpoint;
    else told[name] = endpoint;
  }
  const lookUps = new HttpLookUps({
    endpoints: Object.fromEntries(
      Object.entries(asked).map(([name, endpoint]) => [
        name,
        { ...endpoint, authorization: endpoint.secretFile === null ? () => null : secretReader(endpoint.secretFile) },
      ]),
    ),
    log,
  });
  const messages = new OutgoingMessages(told);
  return {
    lookUps,
    messages,
    close: async () => {
      await Promise.all([lookUps.close(), messages.close()]);
    },
  };
}
