import { createServer, connect as dial, type Socket } from 'node:net';

/** A stretch of wire between a client and a TCP server on loopback that a test can cut and mend. */
export interface CuttableLink {
  readonly port: number;
  /** Breaks every connection at once; new ones are broken as they come. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function createCuttableLink(target: { host: string; port: number }): Promise<CuttableLink> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const far = dial(target.port, target.host);
    // Commands are small and each counts: nothing is held back to be sent together.
    client.setNoDelay(true);
    far.setNoDelay(true);
    keep(far);
    client.pipe(far);
    far.pipe(client);
    client.on('close', () => far.destroy());
    far.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');
  const breakAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: address.port,
    cut: () => {
      isCut = true;
      breakAll();
    },
    mend: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        breakAll();
        server.close(() => resolve());
      }),
  };
}
