import { PreparedAnswer } from './answer.ts';
import type { OpenApiInfo } from './open-api.ts';
import type { Route } from './route.ts';

/** `GET /openapi.json`: the OpenAPI document of the routes that say what they are, itself among them. It is made when it is first asked for. */
export function openApiRoute(info: OpenApiInfo, routes: () => readonly Route[]): Route {
  let made: PreparedAnswer | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    describe: async () => (await import('./open-api.ts')).openApiDescription,
    answer: async () => {
      if (made === undefined) {
        const { openApiDocument } = await import('./open-api.ts');
        made = new PreparedAnswer({ status: 200, body: await openApiDocument(info, routes()) });
      }
      return made;
    },
  };
}
