import type { Answer } from './answers.ts';

const style = `
:root { color-scheme: light dark; --text: light-dark(#1b2127, #e8ecef); --paper: light-dark(#fff, #161b20);
  --ground: light-dark(#eef2f5, #0d1013); --line: light-dark(#6b7780, #8b97a0); --blue: light-dark(#00588c, #7cc4f0);
  --on-blue: light-dark(#fff, #0d1013); --red: light-dark(#a4161a, #ffa39e); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header { padding: .75rem 1rem; border-block-end: 4px solid var(--blue); background: var(--paper); text-align: center; }
header p { margin: 0; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 1.5rem; border-radius: .5rem; background: var(--paper); }
main > :first-child { margin-block-start: 0; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p, li, label, legend { overflow-wrap: anywhere; }
fieldset { margin: 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
.field { display: block; margin-block: 1rem; font-weight: 600; }
.field input { display: block; width: 100%; min-height: 2.75rem; margin-block-start: .25rem; padding: .5rem;
  border: 1px solid var(--line); border-radius: .25rem; background: var(--paper); color: inherit; font: inherit; }
.choice { display: flex; gap: .75rem; align-items: start; min-height: 2.75rem; padding-block: .5rem; }
.choice input { flex: none; width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; accent-color: var(--blue); }
.terms { max-height: 12rem; overflow: auto; margin-block: 1rem; padding: .25rem 1rem; border: 1px solid var(--line); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1.5rem; }
button { flex: 1 1 8rem; min-height: 2.75rem; border: 2px solid var(--blue); border-radius: 1.5rem;
  background: transparent; color: var(--blue); font: inherit; font-weight: 600; cursor: pointer; }
button.main { background: var(--blue); color: var(--on-blue); }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.problem { padding: .75rem; border-inline-start: 4px solid var(--red); color: var(--red); font-weight: 600; }
.aside { font-size: .9rem; }
@media (max-width: 32rem) { main { margin: 0; border-radius: 0; } }
`;

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * A whole page, without scripts or outside resources; `main` is HTML. `form-action` is left open, as browsers apply it to the
 * redirect that answers a form, too.
 */
export function pageAnswer(status: number, title: string, main: string): Answer {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Schwab sandbox</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header><p><strong>Sandbox</strong> in the place of Charles Schwab. Do not enter anything real.</p></header>
<main>
${main}
</main>
</body>
</html>
`,
  };
}
