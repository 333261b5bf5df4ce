/** Targets over TLS: real certificates, a real receiver, and the whole sender before it. */
import { TokenReceiver, type TlsMaterial } from '@token-relay/socket';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { Certificates, EXPIRED } from '../../../packages/socket/tests/certificates.ts';
import { readConfiguration } from '../src/configuration.ts';
import { Sender } from '../src/sender.ts';
import { loadSenderSettings } from '../src/settings.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

const made = new Certificates();

beforeAll(() => {
  made.authority('ca');
  made.authority('other-ca');
  made.certificate('receiver', 'ca');
  made.certificate('elsewhere', 'ca', { alternatives: 'DNS:elsewhere.example' });
  made.certificate('sender', 'ca');
  made.certificate('expired', 'ca', { dates: EXPIRED });
  made.certificate('new-receiver', 'other-ca');
  made.certificate('new-sender', 'other-ca');
}, 60_000);

const ACCESS_TOKEN = 'made-up-access-token';

/** A sender whose one target is the receiver, with the certificates in its folder. */
class TlsRig {
  readonly folder = temporaryFolder();
  readonly lines: string[] = [];
  readonly receiver: TokenReceiver;
  #port = 0;
  #sender: Sender | undefined;

  constructor(tls: TlsMaterial) {
    this.receiver = new TokenReceiver({ tcpPort: 0, tls });
    onTestFinished(() => this.receiver.stop());
  }

  static async make(receiver: TlsMaterial = made.material('receiver', 'ca')): Promise<TlsRig> {
    const rig = new TlsRig(receiver);
    for (const address of await rig.receiver.start()) if (address.kind === 'tls') rig.#port = address.port;
    const seconds = Math.floor(Date.now() / 1_000);
    const token = { access_token: ACCESS_TOKEN, refresh_token: 'made-up-refresh-token', expires_at: seconds + 1_800 };
    await rig.write('app.yaml', 'app_key: made-up-key\napp_secret: made-up-secret\n');
    await rig.write('tokens.json', JSON.stringify({ creation_timestamp: seconds, token }));
    await rig.use('sender', 'ca');
    return rig;
  }

  get sender(): Sender {
    if (this.#sender === undefined) throw new Error('not started');
    return this.#sender;
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text);
    await chmod(join(this.folder, name), 0o600);
  }

  /** Puts other certificates into the files that the settings name. */
  async use(name: string, authority: string): Promise<void> {
    for (const [from, to] of [
      [`${name}.crt`, 'target.crt'],
      [`${name}.key`, 'target.key'],
      [`${authority}.crt`, 'target-ca.crt'],
    ] as const) {
      await copyFile(made.path(from), join(this.folder, to));
      await chmod(join(this.folder, to), 0o600);
    }
  }

  /** What run and a reload read. */
  async read(serverName?: string) {
    const tls = { cert: 'target.crt', key: 'target.key', ca: 'target-ca.crt' };
    const target = {
      name: 'far-bot',
      tcp: `127.0.0.1:${this.#port}`,
      tls: { ...tls, ...(serverName === undefined ? {} : { server_name: serverName }) },
    };
    const settings = await loadSenderSettings({
      env: { XDG_RUNTIME_DIR: this.folder },
      cwd: this.folder,
      uid: process.getuid?.() ?? 0,
      flags: {
        targets: JSON.stringify([target]),
        tokenFile: 'tokens.json',
        appConfig: 'app.yaml',
        socketRetries: '1',
      },
    });
    return readConfiguration(settings, undefined);
  }

  /** The present token goes out. */
  async start(serverName?: string): Promise<void> {
    this.#sender = new Sender({
      ...(await this.read(serverName)),
      log: recordingLog(this.lines),
      pid: process.pid,
      hideSecret: () => undefined,
      hookHost: { environment: {}, kill: () => true },
    });
    onTestFinished(() => this.sender.close());
    await this.sender.load();
    await this.sender.targets.settled();
  }

  async reload(): Promise<void> {
    await this.sender.reconfigure(await this.read());
    await this.sender.targets.settled();
  }

  warnings(): string[] {
    return this.lines.filter((line) => /^(WARN|ERROR)/.test(line));
  }

  get state(): unknown {
    return this.sender.targets.report()[0]?.state.kind;
  }
}

test('a token is delivered over TLS, and the receiver knows whose it is', async () => {
  const rig = await TlsRig.make();
  await rig.start();
  expect(rig.receiver.getLatestToken()).toMatchObject({
    message: { accessToken: ACCESS_TOKEN },
    from: 'tls',
    peer: 'sender@127.0.0.1',
  });
  expect(rig.lines.at(-1)).toMatch(/^INFO Token delivered to far-bot at tls:127\.0\.0\.1:\d+ \(acknowledged\)$/);
  expect(rig.sender.report.status().targets).toMatchObject([
    { name: 'far-bot', address: expect.stringMatching(/^tls:/) as unknown },
  ]);
  expect(rig.warnings()).toEqual([]);
});

test.each<[string, readonly [string, string], RegExp]>([
  [
    'a receiver of another authority',
    ['new-receiver', 'ca'],
    /^WARN Token not delivered to far-bot: The certificate of tls:127\.0\.0\.1:\d+ is not from an authority that we trust .*ca the right file\? It is tried again every 30 s\.$/,
  ],
  [
    'a receiver that is somebody else',
    ['elsewhere', 'ca'],
    /^WARN .*is not for 127\.0\.0\.1\. Give the receiver one that names it \(subjectAltName\), or set server_name\./,
  ],
  [
    'a receiver that does not know our authority',
    ['receiver', 'other-ca'],
    /^WARN .*tls:127\.0\.0\.1:\d+ does not accept our certificate/,
  ],
])('%s gets no token, and the warning says what is wrong', async (_who, [name, authority], words) => {
  const rig = await TlsRig.make(made.material(name, authority));
  await rig.start();
  expect(rig.warnings()).toEqual([expect.stringMatching(words)]);
  expect(rig.state).toBe('undelivered');
  expect(rig.receiver.getTokenCount()).toBe(0);
  expect(rig.lines.join('\n')).not.toContain(ACCESS_TOKEN);
});

test('server_name: whom the certificate must be for, where that is not the host', async () => {
  const rig = await TlsRig.make(made.material('elsewhere', 'ca'));
  await rig.start('elsewhere.example');
  expect(rig.receiver.getTokenCount()).toBe(1);
});

test('a reload reads the certificates again, and what was refused is delivered at once', async () => {
  const rig = await TlsRig.make(made.material('new-receiver', 'other-ca'));
  await rig.start();
  expect(rig.state).toBe('undelivered');
  await rig.use('new-sender', 'other-ca');
  await rig.reload();
  expect(rig.state).toBe('delivered');
  expect(rig.receiver.getLatestToken()?.peer).toBe('new-sender@127.0.0.1');
});

test('certificates that changed on both sides are used for the next token; one that is delivered is not sent again', async () => {
  const rig = await TlsRig.make();
  await rig.start();
  await rig.use('new-sender', 'other-ca');
  rig.receiver.reloadTls(made.material('new-receiver', 'other-ca'));
  await rig.reload();
  expect(rig.receiver.getTokenCount()).toBe(1);
  rig.sender.targets.publish({ accessToken: 'made-up-second', expiresAtMs: Date.now() + 1_800_000 });
  await rig.sender.targets.settled();
  expect(rig.receiver.getLatestToken()).toMatchObject({
    message: { accessToken: 'made-up-second' },
    peer: 'new-sender@127.0.0.1',
  });
});

test.each<[string, (rig: TlsRig) => Promise<void>, RegExp]>([
  ['expired', (rig) => rig.use('expired', 'ca'), /target\.crt expired on 2020-02-02/],
  ['open to others', (rig) => chmod(join(rig.folder, 'target.key'), 0o644), /run chmod 600 \S+target\.key$/],
  ['of another key', (rig) => rig.write('target.key', made.read('receiver.key')), /is not the key of the certificate/],
  ['none', (rig) => rig.write('target-ca.crt', 'made-up'), /target-ca\.crt is not a certificate in PEM form/],
])(
  'certificates that cannot be used (%s) are a configuration error that names target and file',
  async (_how, spoil, words) => {
    const rig = await TlsRig.make();
    await spoil(rig);
    const error: unknown = await rig.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'ConfigurationError',
      exitCode: 78,
      message: expect.stringMatching(words) as unknown,
    });
    expect(error).toHaveProperty('message', expect.stringMatching(/^target "far-bot", tls: .*target/));
  },
);
