/** Every target, loaded when it is run: to load them all takes longer than a short run of one. Add one here. */
import type { FuzzTarget } from '../target.ts';

const LOADERS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  'token-message': async () => (await import('./token-message.ts')).tokenMessage,
  'token-socket': async () => (await import('./token-socket.ts')).tokenSocket,
  'event-stream': async () => (await import('./event-stream.ts')).eventStream,
  'receiver-api': async () => (await import('./receiver-api.ts')).receiverApi,
  'sender-control': async () => (await import('./sender-control.ts')).senderControl,
  'web-page': async () => (await import('./web-page.ts')).webPage,
  yaml: async () => (await import('./yaml.ts')).yaml,
  'sender.yaml': async () => (await import('./sender-yaml.ts')).senderYaml,
  'receiver.yaml': async () => (await import('./receiver-yaml.ts')).receiverYaml,
  'schwab_app_config.yaml': async () => (await import('./app-config.ts')).appConfig,
  'command-line': async () => (await import('./command-line.ts')).commandLine,
  'token-text': async () => (await import('./token-text.ts')).tokenTextTarget,
  'token-database': async () => (await import('./token-database.ts')).tokenDatabase,
  'receiver-state': async () => (await import('./receiver-state.ts')).receiverState,
  'schwab-answer': async () => (await import('./schwab-answer.ts')).schwabAnswer,
  'redirect-url': async () => (await import('./redirect-url.ts')).redirectUrl,
  'schwab-http': async () => (await import('./schwab-http.ts')).schwabHttp,
};

export const targetNames: readonly string[] = Object.keys(LOADERS);

export async function loadTarget(name: string): Promise<FuzzTarget> {
  if (name.startsWith('made-up-')) return (await import('./made-up.ts')).madeUpTarget(name);
  const load = LOADERS[name];
  if (load === undefined) throw new Error(`There is no target "${name}": ${targetNames.join(', ')}`);
  return load();
}
