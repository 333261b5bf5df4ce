/**
 * Many clients in a process of their own, so that they do not share the processor with who measures: crowd-process.ts PATH COUNT KIND.
 * `readers` follow the events, and the moments at which the last token reached each are sent to the parent; `silent` say nothing.
 */
import { connect, type Socket } from 'node:net';
import { nowUs } from './deliver.ts';

/** Connects under way at once: a socket has a backlog. */
const CONNECTING = 64;
const RETRY_MS = 5;
const REQUEST = 'GET /v1/token/events HTTP/1.1\r\nHost: localhost\r\n\r\n';

const [path = '', countText, kind] = process.argv.slice(2);
const count = Number(countText);
let unopened = count;
let connected = 0;
let received: number[] = [];

function open(): void {
  const socket = connect({ path });
  let [isOpen, refused] = [false, false];
  socket.once('connect', () => {
    isOpen = true;
    connected += 1;
    if (kind === 'readers') read(socket);
    else if (connected === count) process.send?.({ kind: 'connected' });
    openNext();
  });
  socket.on('error', () => (refused = true));
  socket.once('close', () => {
    if (isOpen) throw new Error(`${path} closed a connection of the ${count} ${kind ?? ''}`);
    // EAGAIN: the backlog is full.
    if (refused) setTimeout(open, RETRY_MS);
  });
  if (kind === 'silent') socket.resume();
}

function openNext(): void {
  if (unopened === 0) return;
  unopened -= 1;
  open();
}

function read(socket: Socket): void {
  socket.setEncoding('latin1');
  socket.write(REQUEST);
  socket.on('data', (chunk: string) => {
    if (!chunk.includes('event: token\n')) return;
    received.push(nowUs());
    if (received.length < count) return;
    process.send?.({ kind: 'received', atUs: received });
    received = [];
  });
}

for (let index = 0; index < CONNECTING; index += 1) openNext();
process.on('disconnect', () => process.exit());
