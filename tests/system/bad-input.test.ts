/**
 * What a user is told who makes a mistake, and what a client gets that does not keep to the protocol. Whatever it is:
 * one clear message that names the file or address, the design's exit code, and nothing lost or overwritten.
 */
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { TokenReceiver } from '@token-relay/socket';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Certificates } from '../../packages/socket/tests/certificates.ts';
import { Bench, type Finished, type Program } from './processes.ts';

/** `nobody`: root may read and write everything, so that the tests of what a user may not do run as another. */
const ordinaryUser = process.getuid?.() === 0 ? { uid: 65_534 } : {};

/** The folder and these files then belong to whom the daemons run as. */
async function give(bench: Bench, ...names: string[]): Promise<void> {
  const uid = ordinaryUser.uid;
  if (uid === undefined) return;
  for (const path of [bench.folder, ...names.map((name) => bench.path(name))]) await chown(path, uid, uid);
}

/** What was said, once it is sure that it is for people and that the exit code is right. */
function said({ code, stdout, stderr }: Finished, expectedCode: number): string {
  const text = stdout + stderr;
  expect(text).not.toMatch(/\n\s+at |this is a bug|undefined|\[object|NaN/);
  expect({ code, text }).toEqual({ code: expectedCode, text });
  return text;
}

const folder = (bench: Bench, name: string): Promise<unknown> => mkdir(bench.path(name));
const TOO_LONG = 'x'.repeat(120);

describe('a settings file', () => {
  const daemons = [
    ['token-receiver', 'receiverArguments'],
    ['token-refresh-sender', 'senderArguments'],
  ] as const;
  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ['torn', 'log_level: info\nlog_format: "te', /^error: \S+settings\.yaml:2: not valid YAML: /],
    ['a list', '- log_level\n', /^error: \S+settings\.yaml:1: settings are written as "name: value"/],
    ['binary', '\0\xff\xfe', /^error: \S+settings\.yaml\S* .+/],
    ['of a wrong type', 'log_keep: many\n', /^error: \S+settings\.yaml:1: log_keep must be a whole number from 1 to/],
    ['without a value', '\nlog_level:\n', /^error: \S+settings\.yaml:2: log_level has no value; write one, or remove/],
    ['given twice', 'log_keep: 1\nlog_keep: 2\n', /^error: \S+settings\.yaml:2: .*this name is given twice/],
    [
      'with an unknown key',
      '# ours\nlog_levle: info\n',
      /^error: \S+settings\.yaml:2: unknown setting "log_levle"; did you mean "log_level"\?\n$/,
    ],
  ];

  describe.each(daemons)('of %s', (daemon, settingArguments) => {
    const commands = ['run', 'check', 'status'] as const;

    test.each(mistakes)('that is %s: 78, the file, the line and what to write', async (_, text, words) => {
      await using bench = await Bench.make();
      await bench.write('settings.yaml', text);
      for (const command of commands) {
        const args = [command, ...bench[settingArguments](), `--config=${bench.path('settings.yaml')}`];
        expect(said(await bench.start(daemon, args).finished, 78)).toMatch(words);
      }
      expect(await readFile(bench.path('settings.yaml'), 'utf8')).toBe(text);
    });

    test('that is missing, a folder or not to be read: 78, and the file', async () => {
      await using bench = await Bench.make();
      await folder(bench, 'folder.yaml');
      await bench.write('secret.yaml', 'log_level: info\n', 0o000);
      await give(bench);
      for (const [name, words] of [
        ['missing.yaml', /missing\.yaml: there is no such file/],
        ['folder.yaml', /folder\.yaml: this is a folder, not a file/],
        ['secret.yaml', /secret\.yaml: permission denied; give this user the right to read it/],
      ] as const) {
        for (const command of commands) {
          const args = [command, ...bench[settingArguments](), `--config=${bench.path(name)}`];
          expect(said(await bench.start(daemon, args, ordinaryUser).finished, 78)).toMatch(words);
        }
      }
    });

    test('that is empty means the defaults', async () => {
      await using bench = await Bench.make();
      await bench.write('settings.yaml', '');
      const args = ['check', ...bench[settingArguments](), `--config=${bench.path('settings.yaml')}`];
      expect(said(await bench.start(daemon, args).finished, 0)).toContain('ok: settings');
    });
  });

  test.each([
    [
      'targets:\n  - name: bot\n    unx: /a.sock\n',
      /settings\.yaml:3: targets\[0\]\.unx is not a known setting; .*did you mean "unix"\?/,
    ],
    ['hooks:\n  login_du: [mail]\n', /settings\.yaml:2: hooks\.login_du is not an event; .*did you mean "login_due"\?/],
  ])('of the sender, with an unknown key within %j: 78, the line and the nearest key', async (text, words) => {
    await using bench = await Bench.make();
    await bench.write('settings.yaml', text);
    expect(said(await bench.senderCommand('check', `--config=${bench.path('settings.yaml')}`), 78)).toMatch(words);
  });

  test('of the sender, with no targets or one address twice: a warning', async () => {
    await using bench = await Bench.make();
    const check = async (text: string) => {
      await bench.write('settings.yaml', text);
      return said(await bench.senderCommand('check', `--config=${bench.path('settings.yaml')}`), 0);
    };
    expect(await check('targets: []\n')).toMatch(/warning: targets is an empty list/);
    const twice = '[{name: a, unix: b.sock}, {name: c, unix: ./b.sock}]';
    expect(await check(`targets: ${twice}\n`)).toMatch(/warning: the targets a, c have the same address unix:/);
  });

  test('of the sender, with a target that has no address: 78, and the target', async () => {
    await using bench = await Bench.make();
    await bench.write('sender.yaml', 'targets:\n  - name: bot\n');
    for (const command of ['run', 'check']) {
      expect(said(await bench.senderCommand(command, `--config=${bench.path('sender.yaml')}`), 78)).toMatch(
        /target "bot" needs either "unix" .* or "tcp"/,
      );
    }
  });
});

describe('a settings file of the sender that is changed while it runs', () => {
  test('what can be used at once is; what needs a restart is named; what cannot be used leaves all as it was', async () => {
    await using bench = await Bench.make();
    const config = bench.path('sender.yaml');
    await bench.write('sender.yaml', 'log_level: info\n');
    const sender = bench.sender(`--config=${config}`, '--socket-retries=1');
    await sender.line(/started/);
    await bench.write('sender.yaml', 'log_level: debug\nweb_port: 8181\nlog_keep: 9\nrefresh_interval: 20m\n');
    sender.signal('SIGHUP');
    await sender.line(/WARN: Changed, but used only after a restart: web_port, log_keep$/);
    await sender.line(/Configuration read again \(SIGHUP\)/);
    const { next_refresh_at } = JSON.parse((await bench.senderCommand('status', '--json')).stdout) as {
      next_refresh_at: string;
    };
    const { token } = await bench.tokens();
    // It is measured by two clocks.
    expect(Math.round(Date.parse(next_refresh_at) / 1_000)).toBe(Number(token['expires_at']) - 600);

    await bench.write('sender.yaml', 'log_levl: debug\n');
    sender.signal('SIGHUP');
    await sender.line(/ERROR: \S+sender\.yaml:1: unknown setting .*; going on with the configuration as it was/);
    const from = sender.lines.length;
    await bench.write('sender.yaml', 'targets: []\n');
    sender.signal('SIGHUP');
    await sender.line(/WARN: targets is an empty list/, from);
    await sender.line(/Configuration read again/, from);
    expect(sender.lines.slice(from).filter((line) => line.includes('restart'))).toEqual([]);
    expect((await sender.stop()).code).toBe(0);
  });

  test('the tries of a delivery are those of the newest settings', async () => {
    await using bench = await Bench.make();
    const config = bench.path('sender.yaml');
    await bench.write('sender.yaml', 'log_level: debug\nsocket_retries: 100\nsocket_retry_delay: 10m\n');
    const sender = bench.sender(`--config=${config}`);
    await sender.line(/DEBUG: Delivery to receiver failed .*; next try in 600 s/);
    await bench.write('sender.yaml', 'log_level: debug\nsocket_retries: 1\nsocket_retry_delay: 1s\n');
    sender.signal('SIGHUP');
    await sender.line(/Configuration read again/);
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    await sender.line(/WARN: Token not delivered to receiver/);
  });

  test('an app configuration of another name is watched from then on', async () => {
    await using bench = await Bench.make();
    const good = await readFile(bench.path('app.yaml'), 'utf8');
    await bench.write('other.yaml', good.replace(/app_secret: .*/, 'app_secret: made-up-wrong-secret'), 0o600);
    const config = bench.path('sender.yaml');
    await bench.write('sender.yaml', 'app_config: app.yaml\n');
    const args = bench.senderArguments().filter((argument) => !argument.startsWith('--app-config'));
    const sender = bench.start('token-refresh-sender', ['run', ...args, `--config=${config}`]);
    await sender.line(/started/);
    await bench.write('sender.yaml', 'app_config: other.yaml\n');
    sender.signal('SIGHUP');
    await sender.line(/Configuration read again/);
    expect((await bench.senderCommand('refresh')).code).toBe(78);
    await sender.line(/ERROR: Wrong credentials: .*other\.yaml/);
    await bench.write('other.yaml', good, 0o600);
    await sender.line(/Configuration read again \(\S+other\.yaml changed\)/);
    await sender.line(/Recovered/);
  });
});

describe('the app configuration', () => {
  const KEY = 'made-up-key-of-32-characters-000';
  const SECRET = 'made-up-secret-0';

  test.each([
    ['http:', 'http://127.0.0.1:8182', /problem: The callback http:\/\/127\.0\.0\.1:8182 is not https:/],
    ['no address', '127.0.0.1:8182', /problem: The callback_url .* is not a web address/],
  ])('with a callback that login refuses (%s): check says so, 78', async (_, callback, words) => {
    await using bench = await Bench.make();
    await bench.write('app.yaml', `app_key: ${KEY}\napp_secret: ${SECRET}\ncallback_url: ${callback}\n`, 0o600);
    const checked = said(await bench.senderCommand('check'), 78);
    expect(checked).toMatch(words);
    expect(checked).toContain('developer.schwab.com');
    expect(checked).not.toContain('warning');
  });

  test('with what login can do with, but is seldom meant: check warns, 0', async () => {
    await using bench = await Bench.make();
    const check = async (key: string, secret: string, rest: string) => {
      await bench.write('app.yaml', `app_key: ${key}\napp_secret: ${secret}\n${rest}`, 0o600);
      const text = said(await bench.senderCommand('check'), 0);
      expect(text).not.toContain('made-up');
      return text;
    };
    const callback = 'callback_url: https://127.0.0.1:8182\n';
    expect(await check(KEY, SECRET, callback)).not.toContain('warning');
    expect(await check(`${KEY}${'0'.repeat(16)}`, SECRET.repeat(4), callback)).not.toContain('warning');
    expect(await check(KEY.slice(1), SECRET, callback)).toMatch(/warning: app_key has 31 characters, .* have 32 or 48/);
    expect(await check(KEY, `${SECRET}0`, callback)).toMatch(/warning: app_secret has 17 characters, .* have 16 or 64/);
    expect(await check(KEY, SECRET, '')).toMatch(/warning: there is no callback_url, without which nobody can log in/);
    expect(await check(KEY, SECRET, 'callback_url: https://bot.example/cb\n')).toMatch(
      /warning: The callback's host bot\.example is not this machine's own.*--no-browser/,
    );
  });

  test.each([
    ['empty', '', 0o600, /the file is empty; it needs .*app_key, app_secret/],
    ['torn', 'app_key: "made-up', 0o600, /app\.yaml:1: not valid YAML/],
    ['of a wrong type', 'app_key: [made-up]\napp_secret: made-up\n', 0o600, /app\.yaml:1: app_key must be text/],
    [
      'with a secret of digits',
      'app_key: made-up\napp_secret: 0123456789012345\n',
      0o600,
      /app\.yaml:2: app_secret must be text; put it in quotes/,
    ],
    ['without a secret', 'app_key: made-up\n', 0o600, /app\.yaml: there is no "app_secret"; add/],
    [
      'with an unknown name',
      'app_key: made-up\napp_secrt: made-up\n',
      0o600,
      /app\.yaml:2: unknown name on this line; did you mean "app_secret"\?/,
    ],
    ["still the example's", 'app_key: YOUR-APP-KEY\napp_secret: x\n', 0o600, /"app_key" is still the example's/],
    [
      'open to others',
      'app_key: made-up\napp_secret: made-up\n',
      0o644,
      /can be read by others \(mode 0644\): run chmod 600 \S+app\.yaml\n/,
    ],
    ['not to be read', 'app_key: made-up\napp_secret: made-up\n', 0o000, /permission denied; give this user the right/],
  ] as const)('that is %s: 78, the file and what to do', async (_, text, mode, words) => {
    await using bench = await Bench.make();
    const tokens = await readFile(bench.tokenFile);
    await bench.write('app.yaml', text);
    const user = mode === 0o000 ? ordinaryUser : {};
    if (mode === 0o000) await give(bench, 'schwab_tokens.json');
    await chmod(bench.path('app.yaml'), mode);
    for (const command of ['run', 'check', 'refresh']) {
      const program = bench.start('token-refresh-sender', [command, ...bench.senderArguments()], user);
      const message = said(await program.finished, 78);
      expect(message).toMatch(words);
      expect(message).toContain(bench.path('app.yaml'));
      expect(message).not.toContain('made-up');
    }
    await chmod(bench.path('app.yaml'), 0o600);
    expect(await readFile(bench.path('app.yaml'), 'utf8')).toBe(text);
    expect(await readFile(bench.tokenFile)).toEqual(tokens);
    expect(bench.sandbox.requests).toHaveLength(0);
  });

  test('that is missing: 78, the file and what to put there', async () => {
    await using bench = await Bench.make();
    for (const command of ['run', 'check', 'refresh']) {
      const message = said(await bench.senderCommand(command, '--app-config=none.yaml'), 78);
      expect(message).toContain(`${bench.path('none.yaml')}: there is no such file; write app_key, app_secret`);
    }
  });
});

describe('a target over TLS', () => {
  const made = new Certificates();

  /** The sender's settings for a target on another port of this machine, with certificates in the bench's folder. */
  async function tlsTarget(bench: Bench, port: number): Promise<string> {
    const tls = { cert: 'bot.crt', key: 'bot.key', ca: 'bot-ca.crt' };
    await bench.write(
      'sender.yaml',
      `targets: ${JSON.stringify([{ name: 'far-bot', tcp: `127.0.0.1:${port}`, tls }])}\n`,
    );
    return `--config=${bench.path('sender.yaml')}`;
  }

  async function use(bench: Bench, name: string, authority: string): Promise<void> {
    await bench.write('bot.crt', made.read(`${name}.crt`));
    await bench.write('bot.key', made.read(`${name}.key`), 0o600);
    await bench.write('bot-ca.crt', made.read(`${authority}.crt`));
  }

  test('with certificates that cannot be used: 78 at the start, the target and the file; on SIGHUP, those before stay', async () => {
    for (const authority of ['ca', 'new-ca']) {
      made.authority(authority);
      for (const name of ['receiver', 'bot']) made.certificate(`${authority}-${name}`, authority);
    }
    await using bench = await Bench.make();
    const receiver = new TokenReceiver({ tcpPort: 0, tls: made.material('ca-receiver', 'ca') });
    onTestFinished(() => receiver.stop());
    const [address] = await receiver.start();
    const config = await tlsTarget(bench, address?.kind === 'tls' ? address.port : 0);
    for (const command of ['run', 'check', 'refresh']) {
      expect(said(await bench.senderCommand(command, config), 78)).toMatch(
        /target "far-bot", tls: \S+bot\.crt does not exist\. Make it, or give the right path/,
      );
    }
    await use(bench, 'ca-bot', 'ca');
    expect(said(await bench.senderCommand('check', config), 0)).toContain('ok: certificates of target far-bot');
    const sender = bench.sender(config);
    await sender.line(/INFO: Token delivered to far-bot at tls:127\.0\.0\.1:\d+ \(acknowledged\)/);

    await bench.write('bot.crt', 'made-up');
    sender.signal('SIGHUP');
    const line = await sender.line(/ERROR: /);
    expect(line).toMatch(/target "far-bot", tls: \S+bot\.crt is not a certificate in PEM form/);
    expect(line).toMatch(/; going on with the configuration as it was$/);
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    await sender.until('a delivery', () => (sender.count(/Token delivered/) === 2 ? true : undefined));

    receiver.reloadTls(made.material('new-ca-receiver', 'new-ca'));
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    await sender.line(
      /WARN: Token not delivered to far-bot: The certificate of tls:\S+ is not from an authority that we/,
    );
    await use(bench, 'new-ca-bot', 'new-ca');
    sender.signal('SIGHUP');
    await sender.until('a delivery', () => (sender.count(/Token delivered/) === 3 ? true : undefined));
    expect(receiver.getLatestToken()?.peer).toBe('new-ca-bot@127.0.0.1');
  });

  test('that is missing, though the target is another machine: 78, and what to add', async () => {
    await using bench = await Bench.make();
    await bench.write('sender.yaml', 'targets: [{name: far-bot, tcp: "192.0.2.7:9999"}]\n');
    for (const command of ['run', 'check', 'refresh']) {
      expect(said(await bench.senderCommand(command, `--config=${bench.path('sender.yaml')}`), 78)).toMatch(
        /target "far-bot": 192\.0\.2\.7 is not on loopback, .*; add "tls" \(cert, key, ca\)/,
      );
    }
  });
});

describe('the files of a cluster', () => {
  const made = new Certificates();
  made.authority('ca');
  for (const name of ['alpha', 'beta']) made.certificate(name, 'ca');
  const TLS = 'tls: { ca: ca.crt, cert: alpha.crt, key: alpha.key }';

  /** A cluster whose files are good, at servers that nobody needs. */
  async function clusterBench(...settings: readonly string[]): Promise<Bench> {
    const bench = await Bench.make();
    await bench.write('cluster.key', `${'a1'.repeat(32)}\n`, 0o600);
    await bench.write('host.nk', 'SUmade-up\n', 0o600);
    for (const name of ['ca.crt', 'alpha.crt']) await bench.write(name, made.read(name));
    await bench.write('alpha.key', made.read('alpha.key'), 0o600);
    const lines = ['servers: ["127.0.0.1:9"]', 'host: alpha', ...settings];
    await bench.write('sender.yaml', `cluster:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    return bench;
  }
  const configOf = (bench: Bench) => `--config=${bench.path('sender.yaml')}`;

  test('that are good: check says what it has looked at', async () => {
    await using bench = await clusterBench('keys: [cluster.key]', TLS, 'nkey: host.nk');
    const text = said(await bench.senderCommand('check', configOf(bench)), 0);
    for (const line of ['cluster: alpha, through 127.0.0.1:9', 'ok: keys of the cluster', 'ok: certificates of the'])
      expect(text).toContain(line);
    expect(text).toMatch(/^ok: \S+host\.nk$/m);
  });

  test.each<[string, readonly string[], (bench: Bench) => Promise<void>, RegExp]>([
    ['no key', [], () => Promise.resolve(), /the tokens travel sealed, and there is no key: make one with/],
    ['a key that others can read', ['keys: [cluster.key]'], readable('cluster.key'), /cluster\.key.*run chmod 600/],
    ['a seed that others can read', ['keys: [cluster.key]', 'nkey: host.nk'], readable('host.nk'), /run chmod 600/],
    [
      'a certificate that is not there',
      ['keys: [cluster.key]', TLS],
      (bench) => rm(bench.path('alpha.crt')),
      /alpha\.crt does not exist/,
    ],
    [
      'a key of another certificate',
      ['keys: [cluster.key]', TLS],
      (bench) => bench.write('alpha.key', made.read('beta.key'), 0o600),
      /alpha\.key is not the key of the certificate \S+alpha\.crt/,
    ],
  ])('with %s: check says 78, as run does', async (_, settings, spoil, words) => {
    await using bench = await clusterBench(...settings);
    await spoil(bench);
    for (const command of ['run', 'check']) {
      expect(said(await bench.senderCommand(command, configOf(bench)), 78)).toMatch(words);
    }
  });

  test('that are spoiled while it runs: the reload says so, and those before stay', async () => {
    await using bench = await clusterBench('keys: [cluster.key]', TLS);
    const sender = bench.sender(configOf(bench));
    await sender.line(/started/);
    await bench.write('alpha.key', made.read('beta.key'), 0o600);
    sender.signal('SIGHUP');
    expect(await sender.line(/ERROR: /)).toMatch(
      /alpha\.key is not the key of the certificate .*; going on with the configuration as it was$/,
    );
  });

  function readable(name: string): (bench: Bench) => Promise<void> {
    return (bench) => chmod(bench.path(name), 0o644);
  }
});

describe('the token file', () => {
  test.each([
    ['empty', '', 0o600, /is not a token file: it is empty; put a backup in its place, or log in again/],
    ['torn', '{"creation_timestamp": 1, "token": {"acc', 0o600, /not valid JSON \(cut off or edited by mistake\?\)/],
    ['of a wrong type', '{"creation_timestamp":"soon","token":{}}', 0o600, /creation_timestamp must be a time/],
    [
      'without a refresh token',
      '{"creation_timestamp": 1, "token": {"access_token": "a"}}',
      0o600,
      /has no refresh token/,
    ],
    ['not to be read', '{"token": {}}', 0o000, /this user may not read it \(EACCES\); make this user its owner/],
  ] as const)(
    'that is %s: the daemon stays up and says login required; the file stays; a good one is taken over',
    async (_, text, mode, words) => {
      await using bench = await Bench.make();
      const good = bench.sandbox.tokenFileText();
      await bench.writeTokenFile(text);
      await give(bench, 'app.yaml', ...(mode === 0o000 ? [] : ['schwab_tokens.json']));
      await chmod(bench.tokenFile, mode);
      const start = (command: string, ...args: string[]) =>
        bench.start('token-refresh-sender', [command, ...bench.senderArguments(), ...args], ordinaryUser);

      const command = said(await start('refresh').finished, 77);
      expect(command).toMatch(/^error: Login required: /);
      expect(command).toMatch(words);
      expect(said(await start('check').finished, words.source === 'has no refresh token' ? 77 : 78)).toMatch(words);

      const daemon = start('run');
      const line = await daemon.line(/ERROR: Login required: /);
      expect(line).toMatch(words);
      expect(line).toContain(bench.tokenFile);
      expect(line.match(/log in/gi)?.length ?? 0).toBeLessThan(2);
      await daemon.line(/started/);
      const status = JSON.parse((await start('status', '--json').finished).stdout) as { state: string };
      expect(status.state).toBe('login_required');

      await chmod(bench.tokenFile, 0o600);
      expect(await readFile(bench.tokenFile, 'utf8')).toBe(text);
      expect(bench.sandbox.requests).toHaveLength(0);
      await bench.writeTokenFile(good);
      await give(bench, 'schwab_tokens.json');
      await daemon.line(/INFO: Newer tokens found/);
      expect((await daemon.stop()).code).toBe(0);
    },
  );

  test('of a login in the future: check warns, and the daemon too', async () => {
    await using bench = await Bench.make();
    const file = await bench.tokens();
    await bench.writeTokenFile(JSON.stringify({ ...file, creation_timestamp: file.creation_timestamp + 365 * 86_400 }));
    const words = /says that its login was made in the future, on 20\d\d-.*or the clock of this machine/;
    expect(said(await bench.senderCommand('check'), 0)).toMatch(words);
    const daemon = bench.sender();
    expect(await daemon.line(/WARN: /)).toMatch(words);
    await daemon.line(/started/);
    const status = JSON.parse((await bench.senderCommand('status', '--json')).stdout) as Record<string, unknown>;
    expect(status).toMatchObject({ state: 'healthy' });
    expect(status).not.toHaveProperty('login');
  });

  test('that is missing: the daemon stays up and says login required, where to put one, and makes none', async () => {
    await using bench = await Bench.make();
    const missing = bench.path('none.json');
    const words = `${missing} does not exist`;
    expect(said(await bench.senderCommand('refresh', `--token-file=${missing}`), 77)).toContain(words);
    expect(said(await bench.senderCommand('check', `--token-file=${missing}`), 77)).toContain(words);
    const daemon = bench.sender(`--token-file=${missing}`);
    expect(await daemon.line(/ERROR: Login required: /)).toMatch(
      /none\.json does not exist\. Log in again with: token-refresh-sender login/,
    );
    await daemon.line(/started/);
    expect((await daemon.stop()).code).toBe(0);
    await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([0o644, 0o640, 0o602])(
    'that others can get at (mode %o): 78 and the chmod line, untouched',
    async (mode) => {
      await using bench = await Bench.make();
      await chmod(bench.tokenFile, mode);
      const before = await readFile(bench.tokenFile);
      for (const command of ['run', 'refresh', 'check']) {
        expect(said(await bench.senderCommand(command), 78)).toContain(`: run chmod 600 ${bench.tokenFile}\n`);
      }
      expect(await readFile(bench.tokenFile)).toEqual(before);
      expect((await stat(bench.tokenFile)).mode & 0o777).toBe(mode);
      expect(bench.sandbox.requests).toHaveLength(0);
    },
  );
});

/** A daemon, the flag of one of its sockets, and the name of its file. */
const sockets = [
  ['token-refresh-sender', '--control-socket-path', 'control.sock'],
  ['token-receiver', '--api-socket-path', 'api.sock'],
  ['token-receiver', '--unix-socket-path', 'token.sock'],
] as const;
const withoutFallback = sockets.slice(0, 2);

/** Those that make the socket or look at where it would be. */
function commandsFor(daemon: (typeof sockets)[number][0]): readonly string[] {
  return daemon === 'token-receiver' ? ['run', 'check'] : ['run', 'check', 'refresh'];
}

function start(bench: Bench, daemon: (typeof sockets)[number][0], command: string, ...args: string[]): Program {
  const own = daemon === 'token-receiver' ? [...bench.receiverArguments(), '--tcp-port=0'] : bench.senderArguments();
  return bench.start(daemon, [command, ...own, ...args], ordinaryUser);
}

describe('a socket path', () => {
  test.each(sockets)('in use, %s %s: refused by name, exit code 1, the other unharmed', async (daemon, flag, name) => {
    await using bench = await Bench.make();
    await give(bench, 'app.yaml', 'schwab_tokens.json');
    const path = bench.path(name);
    let greeted = 0;
    await using other = createServer((socket) => {
      greeted += 1;
      socket.on('error', () => undefined).end();
    });
    await once(other.listen(path), 'listening');
    await give(bench, name);
    const before = await stat(path);
    const text = said(await start(bench, daemon, 'run', `${flag}=${path}`).finished, 1);
    expect(text).toContain(`Another program is listening on ${path}. Stop it, or choose another path.`);
    expect((await stat(path)).ino).toBe(before.ino);
    const seen = greeted;
    await once(connect(path).resume(), 'close');
    expect(greeted).toBe(seen + 1);
  });

  test('in use by another receiver: that one goes on taking tokens in and handing them out', async () => {
    await using bench = await Bench.make();
    const first = bench.receiver();
    await first.line(/started/);
    for (const moved of [`--api-socket-path=${bench.path('other.sock')}`, `--unix-socket-path=${bench.path('o.sock')}`])
      said(await bench.receiver(moved).finished, 1);
    expect(await exchange(bench.socket, message('still-here'))).toBe('OK');
    expect((await bench.get('/v1/token/raw')).text).toBe('still-here');
  });

  test.each(sockets)('that a killed daemon left, %s %s: replaced', async (daemon, flag, name) => {
    await using bench = await Bench.make();
    await give(bench, 'app.yaml', 'schwab_tokens.json');
    const first = start(bench, daemon, 'run', `${flag}=${bench.path(name)}`);
    await first.line(/started/);
    await first.stop('SIGKILL');
    const stale = await stat(bench.path(name));
    const second = start(bench, daemon, 'run', `${flag}=${bench.path(name)}`);
    await second.line(/started/);
    expect((await stat(bench.path(name))).ctimeMs).toBeGreaterThan(stale.ctimeMs);
    expect((await second.stop()).code).toBe(0);
  });

  test.each(sockets)('too long, %s %s: 78, and the limit', async (daemon, flag) => {
    await using bench = await Bench.make();
    await give(bench, 'app.yaml', 'schwab_tokens.json');
    for (const command of [...commandsFor(daemon), 'status']) {
      const text = said(await start(bench, daemon, command, `${flag}=${bench.path(TOO_LONG)}`).finished, 78);
      expect(text).toContain(bench.path(TOO_LONG));
      expect(text).toMatch(/107.*choose a shorter one/i);
    }
  });

  test.each(withoutFallback)('in a folder that is missing, %s %s: 78, and the folder', async (daemon, flag) => {
    await using bench = await Bench.make();
    await give(bench, 'app.yaml', 'schwab_tokens.json');
    for (const command of commandsFor(daemon)) {
      const text = said(await start(bench, daemon, command, `${flag}=${bench.path('none/a.sock')}`).finished, 78);
      expect(text).toContain(bench.path('none'));
      expect(text).toMatch(/does not exist.*create .*or choose another/i);
    }
  });

  test.each(withoutFallback)('in a folder that is not writable, %s %s: 78, and the folder', async (daemon, flag) => {
    await using bench = await Bench.make();
    await give(bench, 'app.yaml', 'schwab_tokens.json');
    await folder(bench, 'closed');
    await chmod(bench.path('closed'), 0o555);
    for (const command of commandsFor(daemon)) {
      const text = said(await start(bench, daemon, command, `${flag}=${bench.path('closed/a.sock')}`).finished, 78);
      expect(text).toContain(bench.path('closed'));
      expect(text).toMatch(/may not create|cannot be written to/);
    }
  });

  test.each(withoutFallback)('that is a file, %s %s: 78, and the file stays', async (daemon, flag) => {
    await using bench = await Bench.make();
    await bench.write('precious', 'kept');
    await give(bench, 'app.yaml', 'schwab_tokens.json', 'precious');
    for (const command of commandsFor(daemon)) {
      const text = said(await start(bench, daemon, command, `${flag}=${bench.path('precious')}`).finished, 78);
      expect(text).toMatch(/precious.* is not a socket.*move it away, or choose another path/i);
    }
    expect(await readFile(bench.path('precious'), 'utf8')).toBe('kept');
  });

  test.each([
    ['in a folder that is missing', 'none/token.sock', /none does not exist|none\/token\.sock does not exist/],
    ['in a folder that is not writable', 'closed/token.sock', /closed/],
    ['that is a file', 'precious', /precious exists and is not a socket/],
    ['that is a link to a file', 'link', /link exists and is not a socket/],
  ])('for tokens, %s: TCP in its place, and a warning that names it', async (_, name, words) => {
    await using bench = await Bench.make();
    await bench.write('precious', 'kept');
    await symlink('precious', bench.path('link'));
    await folder(bench, 'closed');
    await chmod(bench.path('closed'), 0o555);
    await give(bench);
    const flag = `--unix-socket-path=${bench.path(name)}`;
    expect(said(await start(bench, 'token-receiver', 'check', flag).finished, 0)).toMatch(
      new RegExp(`warning: token socket: .*(${words.source}|folder ).*tcp:127\\.0\\.0\\.1:0 only`),
    );
    const receiver = start(bench, 'token-receiver', 'run', flag);
    const warning = await receiver.line(/WARN: .*Listening on TCP in its place/);
    expect(warning).toContain(bench.path(name));
    expect(warning).toMatch(words);
    const address = await receiver.line(/Listening for tokens on tcp:127\.0\.0\.1:\d+$/);
    expect(await exchange(Number(address.split(':').at(-1)), message('over-tcp'))).toBe('OK');
    await receiver.line(/Token received over tcp/);
    expect(await readFile(bench.path('precious'), 'utf8')).toBe('kept');

    const both = await start(
      bench,
      'token-receiver',
      'run',
      flag,
      '--api-socket-path=b.sock',
      '--no-prefer-unix-socket',
    ).finished;
    expect(said(both, 78)).toMatch(words);
  });

  test('that this user cannot give to the group, or a group that is none: 78', async () => {
    await using bench = await Bench.make();
    await give(bench);
    for (const command of ['run', 'check']) {
      const text = said(await start(bench, 'token-receiver', command, '--socket-group=no-such-group').finished, 78);
      expect(text).toMatch(/socket_group: there is no group "no-such-group" in \/etc\/group; make it \(groupadd/);
    }
    const text = said(await start(bench, 'token-receiver', 'run', '--socket-group=4294967294').finished, 78);
    expect(text).toMatch(/api\.sock cannot be given to the group 4294967294 .*Add this user to the group/);
  });
});

describe('an address', () => {
  test('that a token URL would send the login to in the clear: 78, and the host', async () => {
    await using bench = await Bench.make();
    for (const url of ['http://schwab.example/token', 'http://10.0.0.1/token', 'http://127.0.0.1.schwab.example/']) {
      for (const command of ['run', 'check', 'refresh']) {
        const text = said(await bench.senderCommand(command, `--token-url=${url}`), 78);
        expect(text).toMatch(/^error: token_url: \S+ would be sent your login in the clear; use https:/);
        expect(text).toContain(new URL(url).host);
      }
    }
    expect(said(await bench.senderCommand('check', '--token-url=schwab'), 78)).toMatch(/token_url must be an https:/);
  });

  test('of the TCP socket that other machines can reach: 78, and nothing listens', async () => {
    await using bench = await Bench.make();
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'bot.example']) {
      for (const command of ['run', 'check']) {
        const text = said(await bench.receiverCommand(command, `--tcp-host=${host}`), 78);
        expect(text).toContain(host);
        expect(text).toMatch(/TLS.*use 127\.0\.0\.1, ::1 or localhost/i);
      }
    }
    await expect(stat(bench.socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a TCP target that other machines can reach: 78, and the target', async () => {
    await using bench = await Bench.make();
    await bench.write('sender.yaml', 'targets:\n  - name: bot\n    tcp: 192.0.2.1:9999\n');
    for (const command of ['run', 'check']) {
      expect(said(await bench.senderCommand(command, `--config=${bench.path('sender.yaml')}`), 78)).toMatch(
        /target "bot": 192\.0\.2\.1 is not on loopback/,
      );
    }
  });

  test('that another program has: exit code 1, and the address', async () => {
    await using bench = await Bench.make();
    await using other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    const text = said(await bench.receiver('--no-prefer-unix-socket', `--tcp-port=${port}`).finished, 1);
    expect(text).toContain(`Another program is listening on tcp:127.0.0.1:${port}. Stop it, or choose another port.`);
    await expect(stat(bench.socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a client', () => {
  test('that does not keep to the protocol gets its ERROR code, and the receiver goes on', async () => {
    await using bench = await Bench.make();
    const receiver = bench.receiver('--receive-timeout=300ms', '--log-level=debug');
    await receiver.line(/started/);
    expect(await exchange(bench.socket, message('held'))).toBe('OK');

    const half = '{"access_token": "made-up-half';
    const [oversize, oversizeBare, silent, slow, binary, halfFinished, broken, wrong, empty] = await Promise.all([
      exchange(bench.socket, message('x'.repeat(8_192))),
      exchange(bench.socket, 'x'.repeat(8_193)),
      exchange(bench.socket, ''),
      exchange(bench.socket, half, { thenEvery10Ms: 'x' }),
      exchange(bench.socket, Buffer.of(0xff, 0xfe, 0, 1)),
      exchange(bench.socket, half, { end: true }),
      exchange(bench.socket, "{'access_token': 'made-up'}"),
      exchange(bench.socket, '{"access_token": "made-up"}'),
      exchange(bench.socket, '\n'),
    ]);
    expect({ oversize, oversizeBare, silent, slow, binary, halfFinished, broken, wrong, empty }).toEqual({
      oversize: 'ERROR too_large',
      oversizeBare: 'ERROR too_large',
      silent: 'ERROR timeout',
      slow: 'ERROR timeout',
      binary: 'ERROR not_utf8',
      halfFinished: 'ERROR bad_json',
      broken: 'ERROR bad_json',
      wrong: 'ERROR bad_message',
      empty: 'ERROR empty',
    });
    const gone = connect(bench.socket);
    gone.write(half, () => gone.destroy());
    await receiver.until('the third', () => (receiver.count(/refused \(bad_json\)/) === 3 ? true : undefined));

    expect((await bench.get('/v1/token/raw')).text).toBe('held');
    expect(await exchange(bench.socket, message('newer'))).toBe('OK');
    expect((await bench.get('/v1/token/raw')).text).toBe('newer');
    const status = JSON.parse((await bench.get('/v1/status')).text) as { generation: number; rejected: unknown };
    expect(status).toMatchObject({
      generation: 2,
      rejected: { too_large: 2, timeout: 2, not_utf8: 1, bad_json: 3, bad_message: 1, empty: 1 },
    });
    expect(receiver.count(/WARN: .*refused \(too_large\)/)).toBe(1);
    expect(receiver.lines.join('\n')).not.toContain('made-up');
  });

  test('too many are told busy, and the next is heard once there is room', async () => {
    await using bench = await Bench.make();
    const receiver = bench.receiver('--max-connections=1');
    await receiver.line(/started/);
    const first = connect(bench.socket);
    await once(first, 'connect');
    expect(await exchange(bench.socket, message('turned-away'))).toBe('ERROR busy');
    first.end(message('first'));
    await once(first.resume(), 'close');
    await receiver.line(/Token received/);
    // The receiver may hear of the next one before it has seen the end of the first; then it says busy, or nothing.
    let reply = '';
    while (reply !== 'OK') {
      reply = await exchange(bench.socket, message('second'));
      expect(['', 'ERROR busy', 'OK']).toContain(reply);
    }
    await receiver.until('the second', () => (receiver.count(/Token received/) === 2 ? true : undefined));
  });
});

describe('a command line', () => {
  test.each([
    ['token-receiver', ['rnu'], /unknown command 'rnu'/],
    ['token-receiver', ['run', '--nonsense'], /unknown option '--nonsense'/],
    ['token-receiver', ['run', '--receive-timeout'], /'--receive-timeout <duration>' argument missing/],
    ['token-receiver', ['status', 'extra'], /too many arguments/],
    ['token-refresh-sender', ['fresh'], /unknown command 'fresh'/],
    ['token-refresh-sender', ['run', '--nonsense'], /unknown option '--nonsense'/],
  ] as const)('%s %j is wrong: exit code 2, said once', async (daemon, args, words) => {
    await using bench = await Bench.make();
    const { code, stdout, stderr } = await bench.start(daemon, args).finished;
    expect(stderr).toMatch(words);
    expect(stderr.match(new RegExp(words, 'g'))).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test.each([
    ['token-receiver', 'run', '--socket-mode=9'],
    ['token-receiver', 'check', '--tcp-port=99999'],
    ['token-receiver', 'run', '--max-token-size=much'],
    ['token-refresh-sender', 'run', '--refresh-interval=often'],
    ['token-refresh-sender', 'check', '--socket-retries=0'],
  ] as const)('%s %s %s: 78, the flag and what to write', async (daemon, command, flag) => {
    await using bench = await Bench.make();
    const text = said(await start(bench, daemon, command, flag).finished, 78);
    expect(text.startsWith(`error: ${flag.split('=')[0] ?? ''}: `)).toBe(true);
    expect(text).toMatch(/such as|write|must be/);
  });

  test('commands of a user whom the sockets are not for: the socket, and what to change', async () => {
    await using bench = await Bench.make();
    await bench.receiver().line(/started/);
    await bench.sender().line(/started/);
    await chmod(bench.folder, 0o755);
    for (const path of [bench.api, bench.path('control.sock')]) await chmod(path, 0o000);
    for (const [daemon, command, words] of [
      ['token-receiver', 'token', /may not connect to \S+api\.sock: .*socket_mode and socket_group\.$/m],
      ['token-receiver', 'status', /may not connect to \S+api\.sock: .*socket_mode and socket_group\.$/m],
      ['token-refresh-sender', 'status', /may not connect to \S+control\.sock: run this as the user that the sender/],
    ] as const) {
      const own = daemon === 'token-receiver' ? bench.receiverArguments() : bench.senderArguments();
      expect(said(await bench.start(daemon, [command, ...own], ordinaryUser).finished, 1)).toMatch(words);
    }
  });

  test('status and token without a daemon: 69, and what to start', async () => {
    await using bench = await Bench.make();
    for (const command of ['status', 'token']) {
      expect(said(await bench.receiverCommand(command), 69)).toBe(
        `error: token-receiver is not running (nobody listens at ${bench.api}). Start it with: token-receiver run\n`,
      );
    }
    expect(said(await bench.senderCommand('status'), 69)).toBe(
      `error: token-refresh-sender is not running (nobody listens at ${bench.path('control.sock')}). Start it with: token-refresh-sender run\n`,
    );
  });

  test('token with no token yet, or an expired one: 75, nothing on standard output, and where to look', async () => {
    await using bench = await Bench.make();
    const receiver = bench.receiver();
    await receiver.line(/started/);
    const none = await bench.receiverCommand('token');
    expect(said(none, 75)).toMatch(/^error: No token yet\. .*Is token-refresh-sender running\?\n$/);
    expect(await exchange(bench.socket, message('old', 1_000_000_000))).toBe('OK');
    const expired = await bench.receiverCommand('token');
    expect(said(expired, 75)).toMatch(/^error: The token has expired\. .*See: token-refresh-sender status\n$/);
    expect(none.stdout + expired.stdout).toBe('');
    expect(await exchange(bench.socket, message('new'))).toBe('OK');
    expect((await bench.receiverCommand('token')).stdout).toBe('new\n');
  });
});

function message(accessToken: string, expiresAt = 4_000_000_000): string {
  return JSON.stringify({ access_token: accessToken, refresh_token: 'made-up-refresh', expires_at: expiresAt });
}

/** Says this to a Unix socket or a TCP port of this machine, and resolves with the whole reply. */
async function exchange(
  where: string | number,
  bytes: string | Uint8Array,
  { end = false, thenEvery10Ms }: { end?: boolean; thenEvery10Ms?: string } = {},
): Promise<string> {
  const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1');
  socket.on('error', () => undefined);
  let reply = '';
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
  if (end) socket.end(bytes);
  else socket.write(bytes);
  const drip = thenEvery10Ms === undefined ? undefined : setInterval(() => socket.write(thenEvery10Ms), 10);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(drip);
  return reply;
}
