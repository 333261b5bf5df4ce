/** Which code of the product an input has reached, from V8's own block coverage. */
import { Session, type Profiler } from 'node:inspector';

/** The product's code, and the parser of its settings. */
const WATCHED = /^file:.*\/(packages|apps)\/[^/]+\/src\/|\/js-yaml\//;

export class Coverage {
  readonly #session = new Session();
  /** For each function, which of its characters have been reached. Those inside of it have marks of their own. */
  readonly #reached = new Map<string, Uint8Array>();
  #characters = 0;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Characters of code that were reached. */
  get size(): number {
    return this.#characters;
  }

  /**
   * Whether what ran since the last call reached code that nothing had reached before.
   * @param isRemembered false: it counts as not reached yet the next time too
   */
  hasGrown({ isRemembered }: { isRemembered: boolean }): boolean {
    let hasGrown = false;
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const script of taken.result) {
        if (WATCHED.test(script.url) && this.#isNew(script, isRemembered)) hasGrown = true;
      }
    });
    return hasGrown;
  }

  close(): void {
    this.#session.disconnect();
  }

  #isNew({ url, functions }: Profiler.ScriptCoverage, isRemembered: boolean): boolean {
    let isNew = false;
    for (const { ranges } of functions) {
      const [whole] = ranges;
      // V8 also tells of functions that did not run.
      if (whole === undefined || whole.count === 0) continue;
      const { startOffset, endOffset } = whole;
      const marks = this.#marksOf(`${url}:${startOffset}:${endOffset}`, endOffset - startOffset);
      const ran = new Uint8Array(endOffset - startOffset);
      // Inner blocks follow their outer ones.
      for (const { startOffset: from, endOffset: to, count } of ranges) {
        ran.fill(count > 0 ? 1 : 0, from - startOffset, to - startOffset);
      }
      for (let index = 0; index < ran.length; index++) {
        if (ran[index] === 0 || marks[index] === 1) continue;
        isNew = true;
        if (!isRemembered) return true;
        marks[index] = 1;
        this.#characters++;
      }
    }
    return isNew;
  }

  #marksOf(name: string, length: number): Uint8Array {
    const known = this.#reached.get(name);
    if (known !== undefined) return known;
    const marks = new Uint8Array(length);
    this.#reached.set(name, marks);
    return marks;
  }
}
