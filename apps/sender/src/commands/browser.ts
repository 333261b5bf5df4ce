/** Opens an address in the user's browser, if this session has a screen (xdg-open(1)). */
import { spawn } from 'node:child_process';

/** Whether it was tried; whether a browser appears cannot be known, and the address is printed in any case. */
export function openBrowser(env: Readonly<Record<string, string | undefined>>, address: string): boolean {
  const hasScreen = (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== '';
  if (!hasScreen) return false;
  const child = spawn('xdg-open', [address], { detached: true, stdio: 'ignore', env: { ...env } });
  child.on('error', () => undefined);
  child.unref();
  return true;
}
