import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import type { RawClient } from '../../../tests/rigs/raw-client.ts';
import { HttpCounts, type Route } from '../src/index.ts';
import { get, plainRoute, serve, waitingRoute } from './local-http-rig.ts';

const healthRoute: Route = {
  method: 'GET',
  path: '/healthz',
  evenWhenFull: true,
  answer: () => ({ status: 200, body: 'alive' }),
};

describe('a tunnel is refused', () => {
  const CONNECT = 'CONNECT /plain HTTP/1.1\r\nHost: localhost\r\n\r\n';

  test('also to a client that is gone before it can be told', async () => {
    const { client, server } = await serve([plainRoute]);
    const gone = new Promise((resolve) => server.once('connect', (_request, socket) => socket.once('close', resolve)));
    const { socket } = client();
    // The server reads it when the other end is closed already.
    socket.write(CONNECT, () => socket.destroy());
    await gone;
    expect(await client().send(get('/plain')).has('plain')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('also on a connection that the answer before it has ended', async () => {
    const { client } = await serve([plainRoute, { ...plainRoute, method: 'POST' }], { maxBodyBytes: 10 });
    const tooLarge = 'POST /plain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n12345678901';
    expect(
      await client()
        .send(tooLarge + CONNECT)
        .closed(),
    ).toMatch(/^HTTP\/1\.1 413 (?![^]*405)/);
    expect(await client().send(get('/plain')).has('plain')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('connections', () => {
  test('one more than it takes is answered 503 with Retry-After, and closed; a place is free as soon as one goes', async () => {
    const counts = new HttpCounts();
    const { client } = await serve([plainRoute], { maxConnections: 2, counts });
    const first = client().send(get('/plain'));
    await first.has('plain');
    await client().send(get('/plain')).has('plain');
    const refused = await client().send(get('/plain')).closed();
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toContain('Content-Type: application/problem+json\r\n');
    expect(refused).toContain('Retry-After: 1\r\n');
    expect(refused).toContain('Connection: close\r\n');
    expect(refused).toContain('"code":"too_many_connections"');
    expect(counts.connections).toBe(2);
    first.socket.destroy();
    await until(() => counts.connections === 1);
    expect(await client().send(get('/plain')).has('plain')).toMatch(/^HTTP\/1\.1 200 /);
    expect(counts.requests()).toContainEqual({ route: 'other', status: 503, count: 1 });
  });

  test('what watches over the daemon is answered also when all are taken, once a connection', async () => {
    const { client } = await serve([plainRoute, healthRoute], { maxConnections: 1 });
    await client().send(get('/plain')).has('plain');
    const alive = await client()
      .send(get('/healthz') + get('/healthz'))
      .closed();
    expect(alive).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close\r\n[^]*alive$/);
    expect(alive.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test('those who are told so are bounded too: the ones beyond are closed at once, and all of them soon', async () => {
    const { client, sockets, server } = await serve([plainRoute], { maxConnections: 1 });
    await client().send(get('/plain')).has('plain');
    let dropped = 0;
    let mostAtOnce = 0;
    server.on('drop', () => (dropped += 1));
    server.on(
      'connection',
      () => (mostAtOnce = Math.max(mostAtOnce, sockets.filter((each) => !each.destroyed).length)),
    );
    const silent = Array.from({ length: 300 }, client);
    for (const each of silent) expect(await each.closed()).toBe('');
    expect(dropped).toBeGreaterThan(0);
    expect(mostAtOnce).toBeLessThanOrEqual(1 + 64);
    expect(await client().send(get('/plain')).closed()).toMatch(/^HTTP\/1\.1 503 /);
  });
});

test('what cannot be read frees its place at once, whether the client closes its end or not', async () => {
  const counts = new HttpCounts();
  const { path } = await serve([plainRoute], { counts, headersTimeoutMs: 600_000 });
  const stubborn = connect({ path, allowHalfOpen: true }, () => void stubborn.write('made up\r\n\r\n'));
  stubborn.on('error', () => undefined).resume();
  onTestFinished(() => void stubborn.destroy());
  await until(() => counts.requests().length === 1);
  await until(() => counts.connections === 0);
});

test('a connection that the system cannot give harms no other', async () => {
  const { client, server } = await serve([plainRoute]);
  server.emit('error', new Error('accept EMFILE'));
  await client().send(get('/plain')).has('plain');
});

describe('time', () => {
  test('a connection that sends nothing is closed', async () => {
    const { client } = await serve([plainRoute], { headersTimeoutMs: 50 });
    for (const next of [client, client, client]) expect(await next().closed()).toBe('');
  });

  test('thousands that send nothing are closed a few at a time: everything else has turns in between', async () => {
    const { client, server } = await serve([plainRoute], { headersTimeoutMs: 1_000, maxConnections: 2_000 });
    let inThisTurn = 0;
    server.on('connection', (socket: Socket) => socket.on('close', () => (inThisTurn += 1)));
    const silent = Array.from({ length: 1_000 }, client);
    let mostInATurn = 0;
    for (let closed = 0; closed < silent.length; closed += inThisTurn) {
      inThisTurn = 0;
      await turn();
      mostInATurn = Math.max(mostInATurn, inThisTurn);
    }
    expect(mostInATurn).toBeGreaterThan(0);
    expect(mostInATurn).toBeLessThanOrEqual(128);
  });

  test('a first header that does not end is answered 408', async () => {
    const { client } = await serve([plainRoute], { headersTimeoutMs: 50 });
    const text = await client().send('GET /plain HTTP/1.1\r\nHost: l').closed();
    expect(text).toMatch(/^HTTP\/1\.1 408 [^]*"code":"timeout"/);
  });

  test('so is a later one', async () => {
    const { client } = await serve([plainRoute], { requestTimeoutMs: 50 });
    const kept = client().send(get('/plain'));
    await kept.has('plain');
    expect(await kept.send('GET /plain HTTP/1.1\r\nHost: l').closed()).toMatch(/HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /);
  });

  test('so is one whose body does not end', async () => {
    const { client } = await serve([{ ...plainRoute, method: 'POST' }], { headersTimeoutMs: 50, requestTimeoutMs: 60 });
    const post = get('/plain', 'Content-Length: 10\r\n').replace('GET', 'POST');
    expect(await client().send(`${post}12345`).closed()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('one that is idle after an answer is closed', async () => {
    const { client, sockets } = await serve([plainRoute], { keepAliveTimeoutMs: 20 });
    expect(await client().send(get('/plain')).closed()).toMatch(/^HTTP\/1\.1 200 [^]*plain \.$/);
    expect(sockets[0]?.timeout).toBe(1_020);
  });

  test('no deadline of a request cuts off an answer that takes long', async () => {
    const { route, waiting } = waitingRoute();
    const { client } = await serve([plainRoute, route], {
      headersTimeoutMs: 1_000,
      requestTimeoutMs: 1_000,
      keepAliveTimeoutMs: 20,
    });
    const patient = client().send(get('/wait'));
    await until(() => waiting.size === 1);
    // Two others that are late, one after the other: the deadlines have been looked at meanwhile.
    for (let time = 0; time < 2; time += 1) await client().closed();
    for (const answer of waiting) answer();
    await patient.has('waited');
  });

  test('one that does not take in its answers is closed, whatever it sends', async () => {
    const big: Route = { method: 'GET', path: '/big', answer: () => ({ status: 200, body: 'x'.repeat(1_000_000) }) };
    const counts = new HttpCounts();
    const { client } = await serve([big], { inactivityTimeoutMs: 50, counts });
    const greedy = client();
    greedy.socket.pause();
    greedy.send(get('/big'));
    await until(() => counts.requests().length === 1);
    await until(() => counts.connections === 0);
  });
});

describe('pipelining', () => {
  test('answers come in the order of the requests, also behind one that waits', async () => {
    const { route, waiting } = waitingRoute();
    const { client } = await serve([plainRoute, route]);
    const eager = client().send(
      get('/wait') + Array.from({ length: 64 }, (_, index) => get(`/plain?n=${index}`)).join(''),
    );
    await until(() => waiting.size === 1);
    for (const answer of waiting) answer();
    const text = await eager.has('plain 63.');
    expect(text.match(/waited|plain \d+\./g)).toEqual([
      'waited',
      ...Array.from({ length: 64 }, (_, index) => `plain ${index}.`),
    ]);
  });

  test.each([
    ['in one write', (client: RawClient, requests: string[]) => client.send(requests.join(''))],
    [
      'one by one',
      (client: RawClient, requests: string[]) => {
        for (const request of requests) client.send(request);
      },
    ],
  ])('more of them than it keeps, %s: 429, closed, and the one that waited is let go', async (_how, send) => {
    const { route, waiting } = waitingRoute();
    const counts = new HttpCounts();
    const { client } = await serve([plainRoute, route], { maxPipelined: 3, counts });
    const greedy = client().send(get('/wait'));
    await until(() => waiting.size === 1);
    send(
      greedy,
      Array.from({ length: 2_000 }, () => get('/plain')),
    );
    const text = await greedy.closed();
    expect(text).toMatch(/^HTTP\/1\.1 429 [^]*Connection: close\r\n[^]*"code":"too_many_pipelined"/);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await until(() => waiting.size === 0);
    expect(counts.requests()).toContainEqual({ route: 'other', status: 429, count: 1 });
  });

  test('when the client goes away, those that wait behind others are let go too', async () => {
    const { route, waiting } = waitingRoute();
    const { client } = await serve([route]);
    const eager = client().send(get('/wait') + get('/wait') + get('/wait'));
    await until(() => waiting.size === 3);
    eager.socket.destroy();
    await until(() => waiting.size === 0);
  });

  test('as many as it keeps, again and again', async () => {
    const { client } = await serve([plainRoute], { maxPipelined: 3 });
    const steady = client();
    for (let count = 0; count < 40; count += 4) {
      steady.send([0, 1, 2, 3].map((next) => get(`/plain?n=${count + next}`)).join(''));
      await steady.has(`plain ${count + 3}.`);
    }
    expect(steady.text.match(/plain \d+\./g)).toHaveLength(40);
  });

  test('requests on a kept connection, one after the other, are not pipelined', async () => {
    const { client } = await serve([plainRoute], { maxPipelined: 1 });
    const steady = client();
    for (let count = 0; count < 20; count += 1) await steady.send(get(`/plain?n=${count}`)).has(`plain ${count}.`);
  });
});
