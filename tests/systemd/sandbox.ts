/** The stand-in for Schwab, as a service on a machine's loopback. */
import { recordingEnvironment } from '../record/record.ts';
import { CHECKOUT, NODE, SANDBOX_RECORD, type Machine } from './machine.ts';

const UNIT = 'schwab-sandbox.service';
const PORT = 8283;
const BASE_URL = `http://127.0.0.1:${PORT}`;
const TOKEN_FILE = '/var/lib/schwab-sandbox/schwab_tokens.json';

/** Made up. */
export const APP_KEY = 'sandbox-app-key-of-32-characters';
export const APP_SECRET = 'sandbox-secret16';
export const TOKEN_URL = `${BASE_URL}/v1/oauth/token`;

/** Run in the machine, because nothing else reaches its loopback: one request, and what came of it as JSON. */
const REQUEST = `
const [method, url, body] = process.argv.slice(1);
const request = require('node:http').request(url, { method, agent: false }, (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
  response.on('end', () => console.log(JSON.stringify({ status: response.statusCode, text })));
});
request.end(body);
`;

/** What the sandbox says of itself; the tokens as fingerprints. */
export interface SandboxState {
  readonly requestCount: number;
  readonly requests: readonly Readonly<Record<string, unknown>>[];
}

export class MachineSandbox {
  readonly #machine: Machine;

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Starts it with a first login. It comes up by itself at a reboot, and keeps the login. */
  static async start(machine: Machine, ...flags: readonly string[]): Promise<MachineSandbox> {
    const command = [
      ...[NODE, '--conditions=source', `${CHECKOUT}/packages/schwab-sandbox/src/main.ts`, `--port=${PORT}`],
      ...[`--app-key=${APP_KEY}`, `--app-secret=${APP_SECRET}`, `--token-file=${TOKEN_FILE}`, ...flags],
    ];
    const recording = recordingEnvironment(`${CHECKOUT}/tests/record/setup.ts`, SANDBOX_RECORD);
    const environment = Object.entries(recording).map(([name, value]) => `Environment=${name}=${value}\n`);
    await machine.writeUnit(
      UNIT,
      `[Service]\nStateDirectory=schwab-sandbox\n${environment.join('')}ExecStart=${command.join(' ')}\n[Install]\nWantedBy=multi-user.target\n`,
    );
    await machine.systemctl('enable', '--quiet', '--now', UNIT);
    await machine.journalLine(UNIT, /^Sandbox of Schwab's OAuth: /);
    return new MachineSandbox(machine);
  }

  /** The first login, as schwab-py writes it. */
  tokenFileText(): Promise<string> {
    return this.#machine.read(TOKEN_FILE);
  }

  /** A later login. @returns its token file */
  logIn(): Promise<string> {
    return this.control('POST', '/sandbox/login');
  }

  async state(): Promise<SandboxState> {
    return JSON.parse(await this.control('GET', '/sandbox/state')) as SandboxState;
  }

  /** One of the requests in packages/schwab-sandbox/src/control.ts. Rejects if it is refused. */
  async control(method: string, path: string, body = ''): Promise<string> {
    const answer = await this.#machine.must(NODE, '--eval', REQUEST, method, `${BASE_URL}${path}`, body);
    const { status, text } = JSON.parse(answer) as { status: number; text: string };
    if (status < 300) return text;
    throw new Error(`${method} ${path} was answered with ${status}: ${text}`);
  }
}
