import { saveAtomically } from '../src/atomic-save.ts';

const [, , path = ''] = process.argv;
for (let count = 0; ; count += 1) {
  await saveAtomically(path, JSON.stringify({ access_token: 'a'.repeat(20_000), count }));
  if (count === 5) process.stdout.write('saving\n');
}
