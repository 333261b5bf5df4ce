import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { HistoryEntry } from '../holding/held.ts';
import { historyView } from './history-view.ts';
import { historyViewSchema } from './token-schemas.ts';

const bare: HistoryEntry = {
  generation: 1,
  fingerprint: '0123abcd',
  receivedAtMs: 1_700_000_000_123,
  from: 'tcp',
  refreshToken: 'none',
};
const full: HistoryEntry = {
  ...bare,
  generation: 2,
  from: 'tls',
  peer: 'bot@192.0.2.7',
  expiresAtMs: 1_700_000_100_000,
  refreshToken: 'changed',
};

test('entries stay in their order; times are ISO 8601; what is not known is not there', () => {
  const view = historyView([full, bare]);
  expect(view).toEqual({
    tokens: [
      {
        generation: 2,
        fingerprint: '0123abcd',
        received_at: '2023-11-14T22:13:20.123Z',
        from: 'tls',
        peer: 'bot@192.0.2.7',
        expires_at: '2023-11-14T22:15:00.000Z',
        refresh_token: 'changed',
      },
      {
        generation: 1,
        fingerprint: '0123abcd',
        received_at: '2023-11-14T22:13:20.123Z',
        from: 'tcp',
        refresh_token: 'none',
      },
    ],
  });
  expect(z.parse(historyViewSchema, view)).toEqual(view);
});

test('no history is an empty list', () => {
  expect(historyView([])).toEqual({ tokens: [] });
});
