import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markup } from './html.ts';

test('whatever text is put in, no markup and no end of an attribute comes out of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const inside = markup`<p title="${text}">`.text.slice('<p title="'.length, -'">'.length);
      expect(inside).not.toMatch(/[<>"']/);
      expect(inside.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(text);
    }),
    { examples: [[`&<>"'`]] },
  );
});

test('markup in markup stays markup, lists are joined, and undefined is nothing', () => {
  const items = ['a', '<b>'].map((text) => markup`<li>${text}</li>`);
  expect(markup`<ul>${items}</ul>${undefined}${7}`.text).toBe('<ul><li>a</li><li>&#60;b&#62;</li></ul>7');
});
