/** What another user of this machine can do with a path: tried as that user, by a program that nobody here wrote. */
import { spawnSync } from 'node:child_process';

/** Prints, for each path, `ok` or the name of the error: of a connect where it is a socket, of a read where it is a file. */
const TRY = `
import errno, json, os, socket, stat, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(65534)
done = {}
for path in sys.argv[2:]:
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            with socket.socket(socket.AF_UNIX) as client: client.connect(path)
        else:
            with open(path, 'rb') as file: file.read(1)
        done[path] = 'ok'
    except OSError as error: done[path] = errno.errorcode[error.errno]
print(json.dumps(done))
`;

/** `nobody`, as a member of that group alone. */
export function asStranger(paths: readonly string[], group = 65_534): Readonly<Record<string, string>> {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', TRY, String(group), ...paths], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python3 ended with ${status ?? 'a signal'}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, string>;
}
