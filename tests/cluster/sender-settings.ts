/** The sender.yaml of a host. */
import type { HostOptions } from './host.ts';
import { CLIENT_PORT } from './nats-server.ts';
import { SCHWAB_PORT } from './schwab-door.ts';

export function senderSettings({ machine, servers, tls, refreshSeconds }: HostOptions): string {
  const schwab = `http://127.0.0.1:${SCHWAB_PORT}/v1/oauth`;
  return `app_config: app.yaml
token_file: schwab_tokens.json
token_url: ${schwab}/token
authorize_url: ${schwab}/authorize
refresh_interval: ${refreshSeconds}s
http_timeout: 2s
socket_path: token.sock
control_socket_path: control.sock
log_file: sender.log
log_level: debug
cluster:
  servers: [${servers.map(({ address }) => `"${address}:${CLIENT_PORT}"`).join(', ')}]
  host: ${machine.name}
  lease: 6s
  keys: [first.key, second.key]
  tls: { ca: "${tls.ca}", cert: "${tls.cert}", key: "${tls.key}" }
`;
}
