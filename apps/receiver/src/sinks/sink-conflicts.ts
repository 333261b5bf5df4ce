/** Sinks that would overwrite each other, or what the receiver keeps for itself. */
import { ConfigurationError } from '@token-relay/daemon';
import { leadsTo } from './leads-to.ts';

/** A folder on a network that is away must not hold up a start. */
const LOOK_WITHIN_MS = 1_000;

/** A file of the settings. */
export interface PlacedFile {
  /** the setting: `sinks[1].path`, `state_file` */
  readonly setting: string;
  /** as it was given */
  readonly path: string;
  /** where it leads */
  readonly place: string;
}

/**
 * Refuses sinks of which two lead to the same file, and one that leads to a file of the receiver.
 * @param ownFiles by their settings' names: `{ state_file: '/run/token-relay/api.state.json' }`
 * @throws ConfigurationError `config_invalid`
 */
export async function refuseSinkConflicts(
  sinks: readonly { readonly path: string }[],
  ownFiles: Readonly<Record<string, string>>,
): Promise<void> {
  if (sinks.length === 0) return;
  const [placedSinks, placedOwn] = await Promise.all([
    Promise.all(sinks.map(({ path }, index) => placed(`sinks[${index}].path`, path))),
    Promise.all(Object.entries(ownFiles).map(([setting, path]) => placed(setting, path))),
  ]);
  const conflict = sinkConflict(placedSinks, placedOwn);
  if (conflict !== undefined) throw new ConfigurationError('config_invalid', conflict);
}

/** The first conflict, in words. Pure. */
export function sinkConflict(sinks: readonly PlacedFile[], ownFiles: readonly PlacedFile[]): string | undefined {
  for (const [index, sink] of sinks.entries()) {
    const own = ownFiles.find(({ place }) => place === sink.place);
    if (own !== undefined) {
      return `${sink.setting}: ${sink.path} is the receiver's own file (${own.setting}), and would be overwritten; name another file.`;
    }
    const other = sinks.slice(0, index).find(({ place }) => place === sink.place);
    if (other !== undefined) {
      return `${sink.setting}: ${sink.path} leads to the same file as ${other.setting} (${other.path}); name another file, or leave one of them out.`;
    }
  }
  return undefined;
}

async function placed(setting: string, path: string): Promise<PlacedFile> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(late.resolve, LOOK_WITHIN_MS, path);
  const place = await Promise.race([leadsTo(path), late.promise]);
  clearTimeout(timer);
  return { setting, path, place };
}
