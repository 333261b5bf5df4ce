import { expect, test } from 'vitest';
import { startSandbox } from '../src/index.ts';
import { ask, json, refresh } from './client.ts';

test('another process can log in, see the state and revoke', async () => {
  await using sandbox = await startSandbox();
  const file = json(await ask(`${sandbox.baseUrl}/sandbox/login`, { method: 'POST' }));
  const { refresh_token: refreshToken } = file['token'] as { refresh_token: string };
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);

  const state = await ask(`${sandbox.baseUrl}/sandbox/state`);
  expect(json(state)).toMatchObject({ requestCount: 1, requests: [{ outcome: 'issued' }], waitingFaults: [] });
  expect(state.body.toString()).not.toContain(refreshToken);

  expect((await ask(`${sandbox.baseUrl}/sandbox/revoke`, { method: 'POST' })).status).toBe(204);
  expect((await refresh(sandbox, refreshToken)).status).toBe(400);
});

test('another process can add faults and clear them', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  const faults = `${sandbox.baseUrl}/sandbox/faults`;
  const body = JSON.stringify({ kind: 'status', status: 503, body: 'down', times: 2 });
  expect((await ask(faults, { method: 'POST', body })).status).toBe(204);
  const reply = await refresh(sandbox, refreshToken);
  expect([reply.status, reply.body.toString()]).toEqual([503, 'down']);
  expect(json(await ask(`${sandbox.baseUrl}/sandbox/state`))['waitingFaults']).toEqual(['status']);
  expect((await ask(faults, { method: 'DELETE' })).status).toBe(204);
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
});

test('a fault that is not understood is a 400 that says why', async () => {
  await using sandbox = await startSandbox();
  const reply = await ask(`${sandbox.baseUrl}/sandbox/faults`, { method: 'POST', body: '{"kind":"html"}' });
  expect(reply.status).toBe(400);
  expect(json(reply)).toEqual({
    error: 'bad_fault',
    error_description: expect.stringContaining('"status"') as string,
  });
});

test('no more than 1000 faults wait', async () => {
  await using sandbox = await startSandbox();
  for (let i = 0; i < 1000; i++) sandbox.addFault({ kind: 'hang' });
  expect(() => sandbox.addFault({ kind: 'hang' })).toThrow(/clear them/);
});

test('a port in use is an error that names it', async () => {
  await using sandbox = await startSandbox();
  const port = Number(new URL(sandbox.baseUrl).port);
  await expect(startSandbox({ port })).rejects.toMatchObject({
    code: 'listen_failed',
    message: expect.stringContaining(String(port)) as string,
  });
});

test('it refuses to listen on anything but loopback', async () => {
  await expect(startSandbox({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'not_loopback' });
});
