/** What the browser shows when something is not done. Pure. */
import { markup } from './html.ts';

export function renderRefusal(reason: string): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not done · Token Relay</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main><div class="hero watch"><div class="situation"><h1>Not done</h1><p class="explanation">${reason}</p><p><a href="/">To the page</a></p></div></div></main>
</body>
</html>
`.text;
}
