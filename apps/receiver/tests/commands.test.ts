import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { history } from '../src/commands/history.ts';
import { status } from '../src/commands/status.ts';
import { token } from '../src/commands/token.ts';
import { answer, noTokenYet, Stage, waitOf, type Action } from './commands-rig.ts';
import { ask, deliver, runningReceiver } from './running-receiver.ts';

/** What the command said, once its exit code is the right one. */
async function said(stage: Stage, action: Action, flags: Readonly<Record<string, unknown>>, code: number) {
  const ended = await stage.run(action, flags);
  expect({ code: ended, ...stage.printed }).toEqual({ code, ...stage.printed });
  return stage.printed;
}

describe('token', () => {
  test('prints the token and nothing else', async () => {
    const stage = new Stage();
    await stage.serve((request, response) => answer(response, 200, request.url ?? ''));
    expect(await said(stage, token, {}, 0)).toEqual({ out: '/v1/token/raw\n', err: '' });
  });

  test('without one: 75, and what the receiver says', async () => {
    const stage = new Stage();
    await stage.serve((_, response) => answer(response, 404, noTokenYet));
    expect(await said(stage, token, {}, 75)).toEqual({ out: '', err: 'error: No token yet. Is it running?\n' });
  });
});

describe('token --wait', () => {
  test('lets the receiver wait, for 30 seconds if nothing is said', async () => {
    const stage = new Stage();
    const waits: number[] = [];
    await stage.serve((request, response) => {
      waits.push(waitOf(request));
      answer(response, 200, 'made-up-access');
    });
    expect((await said(stage, token, { wait: true }, 0)).out).toBe('made-up-access\n');
    await stage.run(token, { wait: '10m' });
    expect(waits[0]).toBeGreaterThan(29);
    expect(waits[0]).toBeLessThanOrEqual(30);
    expect(waits[1]).toBe(300);
  });

  test('asks again when a receiver was restarted, full, or had none after all', async () => {
    const stage = new Stage();
    let requests = 0;
    await stage.serve((_, response) => {
      requests += 1;
      if (requests === 1) response.destroy();
      else if (requests === 2) answer(response, 503, { title: 'Too many connections', code: 'too_many_connections' });
      else if (requests === 3) answer(response, 404, noTokenYet);
      else answer(response, 200, 'made-up-access');
    });
    expect(await said(stage, token, { wait: '20s' }, 0)).toEqual({ out: 'made-up-access\n', err: '' });
    expect(requests).toBe(4);
  });

  test('waits for a receiver that is started meanwhile', async () => {
    const stage = new Stage();
    // The first pause is after the first attempt, which found nobody.
    const random = vi.spyOn(Math, 'random').mockImplementationOnce(() => {
      void stage.serve((_, response) => answer(response, 200, 'made-up-access'));
      return 0;
    });
    onTestFinished(() => random.mockRestore());
    expect((await said(stage, token, { wait: '20s' }, 0)).out).toBe('made-up-access\n');
    expect(random).toHaveBeenCalled();
  });

  test('ends with 75 when none came, and says why and how long it waited', async () => {
    const stage = new Stage();
    const waits: number[] = [];
    await stage.serve((request, response) => {
      waits.push(waitOf(request));
      answer(response, 404, noTokenYet);
    });
    const { err } = await said(stage, token, { wait: '200ms' }, 75);
    expect(err).toBe('error: Waited 0.2 s for a token: No token yet. Is it running?\n');
    expect(new Set(waits)).toEqual(new Set([1]));
  });

  test('ends with 69 when nobody listened all the time, and with 75 when somebody did', async () => {
    const nobody = new Stage();
    const { err } = await said(nobody, token, { wait: '100ms' }, 69);
    expect(err).toMatch(
      /^error: Waited 0\.1 s for a token: token-receiver is not running \(.*api\.sock\)\. .*: token-receiver run\n$/,
    );

    const gone = new Stage();
    const stop = await gone.serve((_, response) => {
      response.destroy();
      void stop();
    });
    expect((await said(gone, token, { wait: '500ms' }, 75)).err).toContain('token-receiver is not running');
  });

  test('ends, if the receiver hangs', async () => {
    const stage = new Stage();
    await using hung = createServer((socket) => void socket.on('error', () => undefined).resume());
    await once(hung.listen(stage.api), 'listening');
    expect((await said(stage, token, { wait: '100ms' }, 75)).err).toMatch(
      /^error: Waited 0\.1 s for a token: no answer within/,
    );
  });

  test('ends at once when another program answers', async () => {
    const stage = new Stage();
    await stage.serve((_, response) => answer(response, 404, '<html>'));
    const { err } = await said(stage, token, { wait: '10m' }, 1);
    expect(err).toMatch(/^error: The program at \S+api\.sock is not this token-receiver \(HTTP 404\)\.\n$/);
  });

  test.each([
    ['5', '--wait "5" has no unit'],
    ['soon', '--wait is not a duration'],
  ])('%s is wrong usage', async (wait, words) => {
    expect((await said(new Stage(), token, { wait }, 2)).err).toContain(words);
  });
});

describe('history', () => {
  const tokens = [
    {
      generation: 12,
      fingerprint: 'abcdef01',
      received_at: '2026-03-02T10:00:00.000Z',
      from: 'tls',
      peer: 'bot\u001b[31m@192.0.2.7',
      expires_at: '2026-03-02T10:30:00.000Z',
      refresh_token: 'changed',
    },
    {
      generation: 11,
      fingerprint: '01234567',
      received_at: '2026-03-02T09:35:00.000Z',
      from: 'unix',
      refresh_token: 'first',
    },
  ];
  const serving = async (body: object, code = 200) => {
    const stage = new Stage();
    await stage.serve((_, response) => answer(response, code, body));
    return stage;
  };
  const local = (iso: string) =>
    new Date(Date.parse(iso) - new Date(iso).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');

  test('is a table of when, from where, which, until when, and whether the refresh token changed', async () => {
    const { out } = await said(await serving({ tokens }), history, {}, 0);
    expect(out.split('\n')).toEqual([
      'RECEIVED             GENERATION  FROM                    TOKEN     EXPIRES              REFRESH TOKEN',
      `${local('2026-03-02T10:00:00Z')}  12          tls bot?[31m@192.0.2.7  abcdef01  ${local('2026-03-02T10:30:00Z')}  changed`,
      `${local('2026-03-02T09:35:00Z')}  11          unix                    01234567  unknown              first`,
      '',
    ]);
  });

  test('with --json is what the receiver says, whatever more that is', async () => {
    const body = { tokens: [{ ...tokens[0], more: 1 }], more: 2 };
    expect(JSON.parse((await said(await serving(body), history, { json: true }, 0)).out)).toEqual(body);
  });

  test('before the first token says so', async () => {
    expect((await said(await serving({ tokens: [] }), history, {}, 0)).out).toBe('No token has come yet.\n');
  });

  test('of a receiver that is full, or of another program: 75 and 1', async () => {
    const full = { title: 'Too many connections', code: 'too_many_connections' };
    expect((await said(await serving(full, 503), history, {}, 75)).err).toContain('Too many connections');
    expect((await said(await serving({ tokens: 7 }), history, {}, 1)).err).toContain('is not this token-receiver');
  });
});

describe('status', () => {
  test('is words for people; with --json it is what the receiver says, whatever more that is', async () => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-access');
    const { text } = await ask(api, '/v1/status');
    const body: unknown = { ...(JSON.parse(text) as object), more: 1 };
    const stage = new Stage();
    await stage.serve((_, response) => answer(response, 200, body as object));
    expect((await said(stage, status, {}, 0)).out).toMatch(/^State: +holding a valid token\n/);
    stage.printed.out = '';
    expect(JSON.parse((await said(stage, status, { json: true }, 0)).out)).toEqual(body);
  });

  test('of a receiver that is full, or of another program: 75 and 1', async () => {
    const full = new Stage();
    await full.serve((_, response) => answer(response, 503, { title: 'Too many connections' }));
    expect((await said(full, status, {}, 75)).err).toContain('Too many connections');
    const other = new Stage();
    await other.serve((_, response) => answer(response, 200, {}));
    expect((await said(other, status, {}, 1)).err).toContain('is not this token-receiver');
  });
});
