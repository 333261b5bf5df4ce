import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Delivery } from './spoil.ts';

const padding = Buffer.alloc(64 * 1024, 'x');
const closing = '"}';

/** Does on the connection what was decided. A client that goes away early ends it; `socket` is the plain TCP one. */
export function send(delivery: Delivery, response: ServerResponse, socket: Socket): void {
  switch (delivery.how) {
    case 'send': {
      const answer = (): void => {
        response.writeHead(delivery.status, { ...delivery.headers, 'Content-Length': delivery.body.byteLength });
        response.end(delivery.body);
      };
      if (delivery.delayMs === 0) {
        answer();
        return;
      }
      const timer = setTimeout(answer, delivery.delayMs);
      response.once('close', () => clearTimeout(timer));
      return;
    }
    case 'cut_off':
    case 'stall': {
      response.writeHead(delivery.status, { ...delivery.headers, 'Content-Length': delivery.body.byteLength });
      const half = delivery.body.subarray(0, Math.floor(delivery.body.byteLength / 2));
      response.write(half, () => {
        if (delivery.how === 'cut_off') response.destroy();
      });
      return;
    }
    case 'pad':
      response.writeHead(delivery.status, delivery.headers);
      response.write(delivery.opening);
      pad(response, delivery.totalBytes - delivery.opening.length - closing.length);
      return;
    case 'hang':
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
  }
}

/** Writes as fast as the client reads, holding one block at a time. */
function pad(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const writeMore = (): void => {
    while (left > 0) {
      const block = padding.subarray(0, left);
      left -= block.byteLength;
      if (!response.write(block)) {
        response.once('drain', writeMore);
        return;
      }
    }
    response.end(closing);
  };
  writeMore();
}
