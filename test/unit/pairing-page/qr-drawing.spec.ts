import { drawQr } from '../../../src/pairing-page/qr-drawing.js';
import { readDrawing } from '../../support/page-events.js';

describe('the drawing of a QR code', () => {
  it.each([
    'x',
    `https://wa.me/settings/linked_devices#2@${'Yh1cBk'.repeat(14)},${'A'.repeat(44)},${'b'.repeat(44)},${'C'.repeat(44)},1`,
  ])('reads back as what it says: %s', (content) => {
    expect(readDrawing(drawQr(content))).toBe(content);
  });

  it('is a path of plain moves inside its box, with white around', () => {
    const { size, path } = drawQr('hello');
    expect(path).toMatch(/^(M\d+ \d+h\d+v1h-\d+z)+$/);
    for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
      for (const edge of [Number(x), Number(y), Number(x) + Number(run) - 1]) {
        expect(edge).toBeGreaterThanOrEqual(4);
        expect(edge).toBeLessThan(size - 4);
      }
    }
  });
});
