import { textSetting } from '../settings/kinds.ts';
import type { ParsedSetting, Setting, SettingContext } from '../settings/setting.ts';

/** Where a StatsD server listens (UDP). */
export interface StatsdAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i;

/** Reads `HOST:PORT`, an IPv6 address in brackets: `[::1]:8125`. */
function parseStatsdAddress(text: string): ParsedSetting<StatsdAddress> {
  const [, inBrackets, plain, digits] = ADDRESS.exec(text) ?? [];
  const [host, port] = [inBrackets ?? plain, Number(digits)];
  if (host === undefined) return { ok: false, problem: 'must be HOST:PORT, as in 127.0.0.1:8125 or [::1]:8125' };
  return port >= 1 && port <= 65_535
    ? { ok: true, value: { host, port } }
    : { ok: false, problem: `has the port ${digits ?? ''}; a port is from 1 to 65535` };
}

/** The setting `statsd`; undefined: nothing is sent. */
export function statsdSetting(): Setting<StatsdAddress | undefined> {
  const text = textSetting({
    description: 'the StatsD server (UDP, tags as DogStatsD has them) that is sent the metrics every 10 s',
    example: '127.0.0.1:8125',
  });
  const parse = (value: unknown, context: SettingContext): ParsedSetting<StatsdAddress | undefined> => {
    const parsed = text.parseYaml(value, context);
    if (!parsed.ok || parsed.value === undefined) return parsed.ok ? { ok: true, value: undefined } : parsed;
    return parseStatsdAddress(parsed.value);
  };
  return { ...text, placeholder: 'host:port', parseText: parse, parseYaml: parse };
}
