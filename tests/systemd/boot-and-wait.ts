/** Boots a machine, says its name, and waits to be killed. */
import { Machine } from './machine.ts';

const machine = await Machine.boot();
machine.start({}, 'sleep', '1000');
console.log(machine.name);
setInterval(() => undefined, 60_000);
