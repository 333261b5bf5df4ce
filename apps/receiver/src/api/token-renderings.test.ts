import type { HeldToken } from '@token-relay/socket';
import { describe, expect, test } from 'vitest';
import { HEARTBEAT, LAST_CHUNK, NOTHING_YET, tokenEvent } from './token-event.ts';
import { TokenRenderings } from './token-renderings.ts';
import { tokenView } from './token-view.ts';

const NOW_MS = 1_700_000_000_000;

function held(generation: number, expiresAtMs?: number): HeldToken {
  const message = {
    accessToken: `made-up-${generation}`,
    refreshToken: 'made-up-refresh',
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
  return { message, generation, receivedAtMs: NOW_MS, from: 'unix' };
}

describe('an event', () => {
  test('has a name, the generation, and the token as it is at /v1/token', () => {
    const view = tokenView(held(3, NOW_MS + 5_000), NOW_MS);
    expect(tokenEvent(view).bare.toString()).toBe(`event: token\nid: 3\ndata: ${JSON.stringify(view)}\n\n`);
  });

  test('is one line of data, whatever the token is', () => {
    const view = { ...tokenView(held(3), NOW_MS), access_token: 'a\nb\r\nc\u2028é' };
    const lines = tokenEvent(view).bare.toString().split('\n');
    expect(lines.filter((line) => line.startsWith('data: '))).toHaveLength(1);
    expect(lines).toHaveLength(5);
    expect(JSON.parse(lines[2]?.slice('data: '.length) ?? '')).toEqual(view);
  });

  test.each([
    ['a token', tokenEvent({ ...tokenView(held(3), NOW_MS), access_token: 'é'.repeat(1_000) })],
    ['a heartbeat', HEARTBEAT],
    ['the beginning', NOTHING_YET],
  ])('%s is the same bytes as a chunk, and takes no memory of its own', (_what, { chunk, bare }) => {
    const framed = `${bare.length.toString(16)}\r\n${bare.toString('latin1')}\r\n`;
    expect(chunk.toString('latin1')).toBe(framed);
    expect(bare.buffer).toBe(chunk.buffer);
  });

  test('heartbeats are comments', () => {
    for (const { bare } of [HEARTBEAT, NOTHING_YET]) expect(bare.toString()).toMatch(/^: [^\n]+\n\n$/);
    expect(LAST_CHUNK.toString()).toBe('0\r\n\r\n');
  });
});

describe('what is sent is made once', () => {
  const token = held(3, NOW_MS + 5_000);

  test('for each second that the token has left', () => {
    const renderings = new TokenRenderings();
    const first = renderings.view(token, NOW_MS + 1);
    expect(renderings.view(token, NOW_MS + 1_000)).toBe(first);
    const next = renderings.view(token, NOW_MS + 1_001);
    expect([first, next].map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      tokenView(token, NOW_MS + 1),
      tokenView(token, NOW_MS + 1_001),
    ]);
    expect(renderings.event(token, NOW_MS + 1)).toBe(renderings.event(token, NOW_MS + 2));
    expect(renderings.event(token, NOW_MS + 1)).not.toBe(renderings.event(token, NOW_MS + 2_000));
  });

  test('and made anew for the next token', () => {
    const renderings = new TokenRenderings();
    for (const each of [token, held(4, NOW_MS + 5_000), held(5)]) {
      const { generation } = each;
      expect(renderings.view(each, NOW_MS).text).toContain(`"generation":${generation}`);
      expect(renderings.raw(each).text).toBe(`made-up-${generation}`);
      expect(renderings.unchanged(each)).toMatchObject({ status: 304, text: '' });
      expect(renderings.unchanged(each).headers).toContain(`"${generation}"`);
      expect(renderings.event(each, NOW_MS).bare.toString()).toContain(`id: ${generation}\n`);
    }
  });

  test('without an expiry, for as long as it is held', () => {
    const renderings = new TokenRenderings();
    expect(renderings.view(held(1), NOW_MS).text).not.toContain('expires');
    const unknown = held(2);
    expect(renderings.view(unknown, NOW_MS)).toBe(renderings.view(unknown, NOW_MS + 10 ** 9));
  });

  test('the refresh token is in none of it', () => {
    const renderings = new TokenRenderings();
    const all = [
      renderings.view(token, NOW_MS),
      renderings.raw(token),
      renderings.event(token, NOW_MS).bare.toString(),
    ];
    expect(JSON.stringify(all)).not.toContain('made-up-refresh');
  });
});
