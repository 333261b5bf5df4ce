import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lastLedFile } from './last-led.ts';

test('What was saved last stays, however close together the saves are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'last-led-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lastLed = lastLedFile(join(folder, 'schwab_tokens.json'), { debug: () => undefined });
  expect(await lastLed.load()).toBeUndefined();
  for (let round = 0; round < 30; round += 1) {
    const last = round % 2 === 0;
    await Promise.all([lastLed.save(!last), lastLed.save(last), lastLed.save(!last), lastLed.save(last)]);
    expect(await lastLed.load()).toBe(last);
  }
});

test('A folder that cannot be written to is no failure', async () => {
  const lastLed = lastLedFile('/proc/no-such-folder/schwab_tokens.json', { debug: () => undefined });
  await expect(lastLed.save(true)).resolves.toBeUndefined();
  await expect(lastLed.save(false)).resolves.toBeUndefined();
});
