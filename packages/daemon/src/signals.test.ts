import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { handleSignals } from './signals.ts';

let source: EventEmitter;
let seen: string[];
let dispose: () => void;
beforeEach(() => {
  source = new EventEmitter();
  seen = [];
  dispose = handleSignals(source, {
    onStop: (signal) => seen.push(`stop ${signal}`),
    onSecondStop: () => seen.push('at once'),
    onReload: () => seen.push('reload'),
  });
});

test.each(['SIGTERM', 'SIGINT'])('%s stops, and a second one of either kind stops at once', (signal) => {
  source.emit(signal, signal);
  source.emit('SIGTERM', 'SIGTERM');
  source.emit('SIGINT', 'SIGINT');
  expect(seen).toEqual([`stop ${signal}`, 'at once', 'at once']);
});

test('SIGHUP reloads every time, but not once stopping has begun', () => {
  source.emit('SIGHUP', 'SIGHUP');
  source.emit('SIGHUP', 'SIGHUP');
  source.emit('SIGTERM', 'SIGTERM');
  source.emit('SIGHUP', 'SIGHUP');
  expect(seen).toEqual(['reload', 'reload', 'stop SIGTERM']);
});

test('after disposing nothing is listened to', () => {
  dispose();
  expect(source.eventNames()).toEqual([]);
});
