import type { Event, EVENT_ID } from 'js-yaml';

/** Enough to share a block between a few targets; too few for a document that grows when it is expanded. */
const MAX_ALIASES = 16;
const MAX_DEPTH = 20;

export type ParsedYaml =
  /** `lineOf` finds where a member stands (counted from 1), or the nearest one above it that the file has. */
  | { ok: true; value: unknown; lineOf: (path: readonly (string | number)[]) => number }
  /** `reason` is the parser's; it quotes nothing but names of tags and anchors. */
  | { ok: false; line: number; reason: string };

/** Reads one YAML 1.2 document. An empty one has the value undefined. */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  const yaml = await import('js-yaml');
  try {
    const events = yaml.parseEvents(text, { maxDepth: MAX_DEPTH });
    const documents = yaml.constructFromEvents(events, { source: text, maxAliases: MAX_ALIASES });
    if (documents.length > 1) return { ok: false, line: 1, reason: 'it holds more than one document' };
    const offsets = memberOffsets(events, yaml.EVENT_ID, (event) => yaml.getScalarValue(text, event));
    const lineOf = (path: readonly (string | number)[]): number => {
      for (let length = path.length; length > 0; length--) {
        const offset = offsets.get(JSON.stringify(path.slice(0, length)));
        if (offset !== undefined) return text.slice(0, offset).split('\n').length;
      }
      return 1;
    };
    return { ok: true, value: documents[0] ?? undefined, lineOf };
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    return { ok: false, line: (error.mark?.line ?? 0) + 1, reason: plainReason(error.reason) };
  }
}

function plainReason(reason: string): string {
  if (reason.startsWith('duplicated mapping key')) return 'this name is given twice';
  if (reason.startsWith('aliases exceeded')) return `it uses more than ${MAX_ALIASES} aliases (*name)`;
  return reason;
}

type EventIds = typeof EVENT_ID;
type ScalarEvent = Extract<Event, { type: EventIds['SCALAR'] }>;

/** Where each member begins: the offset of its key in a mapping, of the entry itself in a list; by its path as JSON. */
function memberOffsets(
  events: readonly Event[],
  id: EventIds,
  scalarText: (event: ScalarEvent) => string,
): Map<string, number> {
  const offsets = new Map<string, number>();
  let next = 0;

  function skipNode(path: readonly (string | number)[]): void {
    const event = events[next++];
    if (event === undefined) return;
    if (event.type === id.SEQUENCE) {
      for (let index = 0; !closed(); index++) member([...path, index], startOf(events[next]));
    } else if (event.type === id.MAPPING) {
      while (!closed()) {
        const key = events[next];
        const start = startOf(key);
        skipNode(path);
        member(key?.type === id.SCALAR ? [...path, scalarText(key)] : path, start);
      }
    } else if (event.type === id.DOCUMENT) {
      while (!closed()) skipNode(path);
    }
  }
  function member(path: readonly (string | number)[], start: number): void {
    offsets.set(JSON.stringify(path), start);
    skipNode(path);
  }
  function closed(): boolean {
    const event = events[next];
    if (event !== undefined && event.type !== id.POP) return false;
    next++;
    return true;
  }
  function startOf(event: Event | undefined): number {
    if (event === undefined) return 0;
    if (event.type === id.SCALAR) return event.valueStart;
    if (event.type === id.ALIAS) return event.anchorStart;
    return event.type === id.SEQUENCE || event.type === id.MAPPING ? event.start : 0;
  }

  skipNode([]);
  return offsets;
}
