/** Install, upgrade, remove and purge, by dpkg, where no systemd runs. (tests/systemd has them where one does.) */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPackage, Folder } from './package.ts';
import { describeInThrowAwayRoot, ThrowAwayRoot } from './throw-away-root.ts';

// Without the triggers of other packages: indexing all manual pages takes longer than everything else.
const OLD = 'dpkg --no-triggers --install /tmp/packages/token-relay_0.0.1_*.deb';
const NEW = 'dpkg --no-triggers --install /tmp/packages/token-relay_0.0.2_*.deb';
const SECRET = '/etc/token-relay/schwab_app_config.yaml';

/** Where the service keeps the login. */
const STATE = '/var/lib/token-relay';

describeInThrowAwayRoot('the package', () => {
  const folder = new Folder();
  let packages: readonly string[] = [];
  beforeAll(() => {
    packages = ['0.0.1', '0.0.2'].map((version) => buildPackage(folder.path, { version, fast: true }));
  });
  afterAll(() => folder[Symbol.dispose]());

  test('installs where no systemd runs, makes its users, starts nothing, and says what to do next', async () => {
    await using root = await ThrowAwayRoot.open(packages);
    const said = root.must(OLD);
    for (const next of [SECRET, 'systemctl enable --now token-refresh-sender', 'token-refresh-sender login']) {
      expect(said).toContain(next);
    }
    expect(
      said.split('\n').filter((line) => /token-relay|token-refresh-sender|^ {2}\d|members/.test(line)).length,
    ).toBeLessThan(12);
    root.must(
      'for user in $(sed -n "s/^User=//p" /usr/lib/systemd/system/token-*.service); do getent passwd $user; done',
    );
    expect(root.must('stat --format="%U:%G %a" /etc/token-relay')).toBe('root:root 755\n');
    expect(root.must('dpkg --verify token-relay')).toBe('');
    // The settings of the service, where nobody says anything else.
    expect(root.run('cd / && token-refresh-sender check').output).toContain(SECRET);
    expect(root.must('token-receiver --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    // Twice is like once.
    root.must('dpkg-reconfigure token-relay');
    expect(root.must('zcat /usr/share/doc/token-relay/changelog.gz | head -1')).toContain('token-relay (0.0.1)');
  });

  test('keeps through an upgrade what was changed, and who may read it', async () => {
    await using root = await ThrowAwayRoot.open(packages);
    root.must(OLD);
    root.must(`echo '# mine' >>/etc/token-relay/sender.yaml; echo 'app_key: made-up' >${SECRET}`);
    const tokenFile = `${STATE}/schwab_tokens.json`;
    root.must(`echo made-up >${tokenFile}`);
    const said = root.must(NEW);
    expect(said).not.toContain('1. ');
    expect(root.must('cat /etc/token-relay/sender.yaml')).toMatch(/# mine\n$/);
    expect(root.must(`cat ${SECRET}`)).toBe('app_key: made-up\n');
    expect(root.must(`stat --format=%a ${SECRET}`)).toBe('600\n');
    expect(root.must(`cat ${tokenFile}`)).toBe('made-up\n');
    expect(root.must('dpkg-query --show --showformat="\\${Version}" token-relay')).toBe('0.0.2');
  });

  test('a removal keeps settings and login, and an installation after it finds them', async () => {
    await using root = await ThrowAwayRoot.open(packages);
    root.must(OLD);
    root.must(`echo 'app_key: made-up' >${SECRET}; echo made-up >${STATE}/x`);
    expect(root.must('dpkg --no-triggers --remove token-relay')).toMatch(/\/etc\/token-relay and .* are kept/);
    expect(
      root.must('ls -d /usr/lib/token-relay /usr/bin/token-* /usr/lib/systemd/system/token-* 2>/dev/null || true'),
    ).toBe('');
    expect(root.must(`cat ${SECRET}`)).toBe('app_key: made-up\n');
    root.must(NEW);
    expect(root.must(`cat ${SECRET} ${STATE}/x`)).toBe('app_key: made-up\nmade-up\n');
  });

  test('a purge says what it deletes, and leaves nothing but the users', async () => {
    await using root = await ThrowAwayRoot.open(packages);
    root.must('touch /tmp/before');
    root.must(OLD);
    root.must('systemctl enable token-refresh-sender');
    const logs = '/var/log/token-refresh-sender';
    root.must(`mkdir ${logs}; touch ${logs}/x ${STATE}/schwab_tokens.json /etc/token-relay/mine.key`);
    const said = root.must('dpkg --no-triggers --purge token-relay');
    for (const folder of ['the settings and the secret of the app (/etc/token-relay)', STATE, logs])
      expect(said).toContain(folder);
    const left = root.must(
      'find / -xdev -newer /tmp/before -not -path "/proc/*" -not -path "/tmp/*" -name "*token-re*"',
    );
    expect(left).toBe('');
    expect(root.must('find /etc/systemd /var/lib/systemd -newer /tmp/before -name "*token*"')).toBe('');
    root.must('getent passwd token-sender token-receiver; getent group token-readers token-writers');
  });

  test('its scripts take every other call of dpkg and leave things as they are, and refuse what dpkg never asks', async () => {
    await using root = await ThrowAwayRoot.open(packages.slice(0, 1));
    root.must(OLD);
    const state =
      'dpkg --verify token-relay; find /etc/token-relay /usr/lib/token-relay /etc/systemd -ls | sort; getent passwd';
    const before = root.must(state);
    for (const call of [
      ...['postinst abort-upgrade 0.0.2', 'postinst abort-remove', 'postinst abort-deconfigure in-favour other 1'],
      ...['prerm upgrade 0.0.2', 'prerm deconfigure in-favour other 1', 'prerm failed-upgrade 0.0.1'],
      ...['postrm upgrade 0.0.2', 'postrm failed-upgrade 0.0.1', 'postrm abort-install', 'postrm abort-upgrade 0.0.1'],
      'postrm disappear other 1',
    ]) {
      expect(root.must(`/var/lib/dpkg/info/token-relay.${call}`), call).not.toMatch(/delet/);
      expect(root.must(state), call).toBe(before);
    }
    for (const script of ['postinst', 'prerm', 'postrm']) {
      const refusal = { exitCode: 1, output: `${script}: unknown argument: nonsense\n` };
      expect(root.run(`/var/lib/dpkg/info/token-relay.${script} nonsense`)).toEqual(refusal);
    }
  });
});
