/** Users, credentials and certificates that a server of NATS does not take, or we do not: see cluster-bad-input.test.ts. */
import { createUser } from '@nats-io/nkeys';
import { describe, expect, test } from 'vitest';
import { Certificates, EXPIRED } from '../../packages/socket/tests/certificates.ts';
import { Joining } from './cluster-joining.ts';
import { NatsServer, withJetStream } from './nats-servers.ts';

/** Users with an nkey each; JetStream is there for all of them. */
const withUsers = (folder: string, ...users: readonly string[]) =>
  `${withJetStream(folder)}authorization { users: [${users.join(', ')}] }\n`;

describe.concurrent('a user', () => {
  test.each([
    ['publish', `publish: { deny: ["$KV.token_relay.>"] }`, 'publish to $KV.token_relay.tokens'],
    [
      'ask for the bucket',
      `publish: { deny: ["$JS.API.STREAM.INFO.*"] }`,
      'publish to $JS.API.STREAM.INFO.KV_token_relay',
    ],
    [
      'hold the lease',
      `publish: { deny: ["$KV.token_relay_hosts.leader"] }`,
      'publish to $KV.token_relay_hosts.leader',
    ],
    ['watch', `publish: { deny: ["$JS.API.CONSUMER.>"] }`, 'publish to $JS.API.CONSUMER.CREATE.KV_token_relay.>:'],
    ['subscribe', `subscribe: { deny: ["_INBOX.>"] }`, 'subscribe to _INBOX.>:'],
  ])('who may not %s', async (_, permissions, words) => {
    const { nkey, seed } = madeUpUser();
    await using server = await NatsServer.start((own) =>
      withUsers(own, `{ nkey: ${nkey}, permissions: { ${permissions} } }`),
    );
    await using host = await Joining.make(server.port);
    await host.bench.write('host.nk', `${seed}\n`, 0o600);
    await host.start(['nkey: host.nk']);
    expect(await host.trouble()).toContain(`ADDRESS does not let this host ${words}`);
    await host.triedAgain();
    await server.reload((own) => withUsers(own, `{ nkey: ${nkey} }`));
    await host.joins();
  });

  test('whose nkey the server does not know', async () => {
    const [ours, theirs] = [madeUpUser(), madeUpUser()];
    await using server = await NatsServer.start((own) => withUsers(own, `{ nkey: ${theirs.nkey} }`));
    await using host = await Joining.make(server.port);
    await host.bench.write('host.nk', `${ours.seed}\n`, 0o600);
    await host.start(['nkey: host.nk']);
    expect(await host.trouble()).toBe(
      "ADDRESS does not know this host: see cluster.nkey or cluster.credentials, and the server's accounts",
    );
    await server.reload((own) => withUsers(own, `{ nkey: ${ours.nkey} }`));
    await host.joins();
  });

  test('whose seed is not one', async () => {
    const { nkey, seed } = madeUpUser();
    await using server = await NatsServer.start((own) => withUsers(own, `{ nkey: ${nkey} }`));
    await using host = await Joining.make(server.port);
    await host.bench.write('host.nk', 'SUnotaseed\n', 0o600);
    await host.start(['nkey: host.nk']);
    expect(await host.trouble()).toBe(
      'ADDRESS: the file of cluster.nkey holds no seed of a user (SU…): make one as docs/cluster.md says',
    );
    await host.bench.write('host.nk', `${seed}\n`, 0o600);
    host.sender.signal('SIGHUP');
    await host.joins();
  });

  test('whose credentials file the server does not know', async () => {
    const [ours, theirs] = [madeUpUser(), madeUpUser()];
    await using server = await NatsServer.start((own) => withUsers(own, `{ nkey: ${theirs.nkey} }`));
    await using host = await Joining.make(server.port);
    await host.bench.write('host.creds', credentialsFile(ours.seed), 0o600);
    await host.start(['credentials: host.creds']);
    expect(await host.trouble()).toBe(
      "ADDRESS does not know this host: see cluster.nkey or cluster.credentials, and the server's accounts",
    );
    await server.reload((own) => withUsers(own, `{ nkey: ${ours.nkey} }`));
    await host.joins();
  });

  test('whose credentials file is not one', async () => {
    const { nkey, seed } = madeUpUser();
    await using server = await NatsServer.start((own) => withUsers(own, `{ nkey: ${nkey} }`));
    await using host = await Joining.make(server.port);
    await host.bench.write('host.creds', 'none\n', 0o600);
    await host.start(['credentials: host.creds']);
    expect(await host.trouble()).toBe(
      'ADDRESS: the file of cluster.credentials is no credentials file of NATS: make one as docs/cluster.md says',
    );
    await host.bench.write('host.creds', credentialsFile(seed), 0o600);
    host.sender.signal('SIGHUP');
    await host.joins();
  });
});

describe.concurrent('a certificate', () => {
  const certificates = new Certificates();
  certificates.authority('ca');
  certificates.authority('other-ca');
  certificates.certificate('server', 'ca', { alternatives: 'IP:127.0.0.1' });
  certificates.certificate('server-expired', 'ca', { dates: EXPIRED });
  certificates.certificate('server-elsewhere', 'ca', { alternatives: 'DNS:nats-9.example,DNS:localhost' });
  certificates.certificate('server-stranger', 'other-ca');
  certificates.certificate('alpha', 'ca');
  certificates.certificate('alpha-expired', 'ca', { dates: EXPIRED });
  certificates.certificate('alpha-stranger', 'other-ca');

  const withTls =
    (name: string, verify = true) =>
    (folder: string) =>
      `${withJetStream(folder)}tls { cert_file: "${certificates.path(`${name}.crt`)}", key_file: "${certificates.path(`${name}.key`)}", ca_file: "${certificates.path('ca.crt')}", verify: ${verify} }\n`;
  const bring = async (host: Joining, name: string) => {
    await host.bench.write('ca.crt', certificates.read('ca.crt'));
    await host.bench.write('alpha.crt', certificates.read(`${name}.crt`));
    await host.bench.write('alpha.key', certificates.read(`${name}.key`), 0o600);
  };
  const TLS = ['tls: { ca: ca.crt, cert: alpha.crt, key: alpha.key }'];

  test.each([
    ['has ended', 'server-expired', 'the server’s certificate has expired (CERT_HAS_EXPIRED)'],
    [
      'is for another name',
      'server-elsewhere',
      'the server’s certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    [
      'is of another authority',
      'server-stranger',
      'the server’s certificate is not of an authority that we trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    ],
  ])('of the server that %s', async (_, name, words) => {
    await using bad = await NatsServer.start(withTls(name));
    await using good = await NatsServer.start(withTls('server'));
    await using host = await Joining.make(bad.port);
    await bring(host, 'alpha');
    await host.start(TLS);
    expect(await host.trouble()).toBe(`TLS with ADDRESS fails: ${words}; see cluster.tls`);
    await host.triedAgain();
    host.road.lead(good.port);
    await host.joins();
  });

  test.each([
    ['has ended', 'alpha-expired', /, which is good until Feb {2}2 00:00:00 2020 GMT \(/],
    ['is of another authority', 'alpha-stranger', /, which is good until .*GMT \(/],
  ])('of ours that %s: a reload with another one joins', async (_, name, words) => {
    await using server = await NatsServer.start(withTls('server'));
    await using host = await Joining.make(server.port);
    await bring(host, name);
    await host.start(TLS);
    const trouble = await host.trouble();
    expect(trouble).toMatch(/^TLS with ADDRESS fails: the server does not take our certificate, .*; see cluster\.tls$/);
    expect(trouble).toMatch(words);
    await bring(host, 'alpha');
    host.sender.signal('SIGHUP');
    await host.joins();
  });

  test('that the server wants and we do not have', async () => {
    await using server = await NatsServer.start(withTls('server'));
    await using host = await Joining.make(server.port);
    await bring(host, 'alpha');
    await host.start(['tls: { ca: ca.crt }']);
    expect(await host.trouble()).toMatch(
      /^TLS with ADDRESS fails: the server wants a certificate of ours \(\S+ALERT\S+\); see cluster\.tls$/,
    );
    await host.triedAgain();
    await using lenient = await NatsServer.start(withTls('server', false));
    host.road.lead(lenient.port);
    await host.joins();
  });

  test('to a server that speaks no TLS', async () => {
    await using server = await NatsServer.start();
    await using host = await Joining.make(server.port);
    await bring(host, 'alpha');
    await host.start(TLS);
    expect(await host.trouble()).toBe(
      "ADDRESS speaks no TLS: write tls {} into the server's file, as docs/cluster.md has it",
    );
    await host.triedAgain();
    await using withIt = await NatsServer.start(withTls('server'));
    host.road.lead(withIt.port);
    await host.joins();
  });

  test('to a server that wants TLS, of a host without', async () => {
    await using server = await NatsServer.start(withTls('server'));
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toMatch(
      /^TLS with ADDRESS fails: the server’s certificate is not of an authority that we trust \(\S+\); see cluster\.tls$/,
    );
    await host.triedAgain();
    await using open = await NatsServer.start();
    host.road.lead(open.port);
    await host.joins();
  });
});

/** Of NATS: an nkey is the name that goes into the server's file, a seed what stays on the host. */
function madeUpUser(): { nkey: string; seed: string } {
  const pair = createUser();
  return { nkey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}

function credentialsFile(seed: string): string {
  const jwt = ['{"typ":"JWT","alg":"ed25519-nkey"}', '{"sub":"U"}', 'x'].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  return `-----BEGIN NATS USER JWT-----\n${jwt.join('.')}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
}
