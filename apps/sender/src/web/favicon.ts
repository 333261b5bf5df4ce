/** A ring with a gap, as on the page. */
export const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<style>circle{fill:none;stroke:#0b6e5f;stroke-width:5}.t{opacity:.25}@media(prefers-color-scheme:dark){circle{stroke:#5fd0b5}}</style>
<circle class="t" cx="16" cy="16" r="12"/><circle cx="16" cy="16" r="12" pathLength="100" stroke-dasharray="72 100" transform="rotate(-90 16 16)"/>
</svg>
`;
