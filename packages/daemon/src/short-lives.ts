import { setFlagsFromString } from 'node:v8';

/**
 * For a server whose objects live as long as a connection. While many connections come at once, V8 sees that some of their objects outlive its
 * small collections, and from then on allocates all that come from the same places in the code among the old ones (allocation site pretenuring).
 * There each keeps what it points to, tokens that are over among it, until the next full collection; the small ones copy all of that: measured, a
 * third of the messages a second less. To be called once all is loaded: Node's own cached code fits only its default flags. What Node loads later
 * takes longer: the first answer over HTTP came after 27 ms in place of 15.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
