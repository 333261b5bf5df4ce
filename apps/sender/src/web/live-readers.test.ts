import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveReaders } from './live-readers.ts';

/** A response whose browser has stopped reading while `isFull`. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  isFull = false;
  isDestroyed = false;
  write(text: string): boolean {
    this.written.push(text);
    return !this.isFull;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

let content: number;
let readers: LiveReaders;
beforeEach(() => {
  vi.useFakeTimers();
  content = 1;
  readers = new LiveReaders(() => String(content));
});
afterEach(() => {
  readers.close();
  vi.useRealTimers();
});

function follow(isFull = false): SlowResponse {
  const response = new SlowResponse();
  response.isFull = isFull;
  readers.add(response as unknown as ServerResponse);
  return response;
}

function change(): void {
  content += 1;
  readers.changed();
  vi.advanceTimersByTime(50);
}

test('a reader that is behind is sent nothing until it has read, and then the newest only', () => {
  const slow = follow(true);
  const quick = follow();
  change();
  change();
  expect(slow.written).toEqual(['retry: 2000\ndata: 1\n\n']);
  expect(quick.written.slice(1)).toEqual(['data: 2\n\n', 'data: 3\n\n']);
  slow.isFull = false;
  slow.emit('drain');
  expect(slow.written.slice(1)).toEqual(['data: 3\n\n']);
});

test('a reader that has read and missed nothing is sent nothing', () => {
  const response = follow(true);
  response.emit('drain');
  expect(response.written).toHaveLength(1);
});

test('every 30 seconds there is a sign of life', () => {
  const response = follow();
  vi.advanceTimersByTime(30_000);
  expect(response.written.at(-1)).toBe(': still here\n\n');
});

test('a reader that reads nothing for a minute and a half is cut off, and makes room', () => {
  const stuck = Array.from({ length: 8 }, () => follow(true));
  expect(readers.hasRoom()).toBe(false);
  vi.advanceTimersByTime(60_000);
  expect(readers.hasRoom()).toBe(false);
  vi.advanceTimersByTime(30_000);
  expect(stuck.every((response) => response.isDestroyed)).toBe(true);
  expect(readers.hasRoom()).toBe(true);
});

test('nothing is rendered while nobody looks', () => {
  const render = vi.fn(() => 'x');
  const unseen = new LiveReaders(render);
  unseen.changed();
  vi.advanceTimersByTime(1_000);
  expect(render).not.toHaveBeenCalled();
  unseen.close();
});
