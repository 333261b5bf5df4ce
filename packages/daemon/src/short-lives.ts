import { setFlagsFromString } from 'node:v8';

/**
 * For a server whose objects live as long as a connection. While many connections come at once, V8 sees that objects from some places in the code
 * outlive its minor collections, and from then on allocates those in the old generation (allocation site pretenuring). A dead one there keeps what
 * it points to, its token among it, alive until the next full collection, and each minor collection copies that: measured, a third of the
 * messages a second less. To be called once all is loaded, because Node's own cached code fits only its default flags: what Node loads later takes
 * longer, so that the first answer over HTTP came after 27 ms in place of 15.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
