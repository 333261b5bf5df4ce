import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempFolder } from './temp-folder.ts';

test('a receiver without TLS does not load what TLS needs', async () => {
  const program = `
    import { sendToken, TokenReceiver } from ${JSON.stringify(fileURLToPath(new URL('../src/index.ts', import.meta.url)))};
    const path = ${JSON.stringify(`${tempFolder()}/token.sock`)};
    const receiver = new TokenReceiver({ unixSocketPath: path });
    await receiver.start();
    await sendToken({ kind: 'unix', path }, 'made-up', { timeoutMs: 10_000, expectReply: true }).catch(() => undefined);
    await receiver.stop();
    console.log(JSON.stringify(process.moduleLoadList));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--conditions=source', '--input-type=module', '--eval', program],
  ]);
  expect(stdout).toContain('NativeModule net');
  expect(stdout).not.toContain('NativeModule tls');
  expect(stdout).not.toContain('NativeModule internal/tls/wrap');
});
