import { execFileSync } from 'node:child_process';

/** Whether this machine lets us make a small disk: root outside of a container, mostly. */
export const canMount: boolean = (() => {
  try {
    const script =
      'folder=$(mktemp -d); mount -t tmpfs tmpfs "$folder" && umount "$folder"; result=$?; rmdir "$folder"; exit $result';
    execFileSync('sh', ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
