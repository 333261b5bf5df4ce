import type { Route } from './route.ts';

export interface PathRoutes {
  GET?: Route;
  POST?: Route;
}

export function routesByPath(routes: readonly Route[]): ReadonlyMap<string, PathRoutes> {
  const byPath = new Map<string, PathRoutes>();
  for (const route of routes) {
    const entry = byPath.get(route.path) ?? {};
    entry[route.method] = route;
    byPath.set(route.path, entry);
  }
  return byPath;
}

/** For `Allow`. */
export function methodsOf(entry: PathRoutes): string {
  return [...(entry.GET === undefined ? [] : ['GET', 'HEAD']), ...(entry.POST === undefined ? [] : ['POST'])].join(
    ', ',
  );
}
