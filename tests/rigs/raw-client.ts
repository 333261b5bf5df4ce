import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

/** A client that sends bytes as they are. It is gone when the test is over. */
export class RawClient {
  readonly socket: Socket;
  /** All that came, as latin1. */
  text = '';
  isClosed = false;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => (this.text += chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
    onTestFinished(() => void this.socket.destroy());
  }

  send(bytes: string): this {
    this.socket.write(bytes);
    return this;
  }

  async has(part: string | RegExp): Promise<string> {
    await until(() => (typeof part === 'string' ? this.text.includes(part) : part.test(this.text)));
    return this.text;
  }

  /** Resolves with all that came, when the connection has ended. */
  async closed(): Promise<string> {
    await until(() => this.isClosed);
    return this.text;
  }
}
