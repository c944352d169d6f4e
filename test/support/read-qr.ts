import jsQR from 'jsqr';
import { PNG } from 'pngjs';

/** What a camera reads from the picture of a QR code. */
export function readQr(png: Buffer): string | undefined {
  const { data, width, height } = PNG.sync.read(png);
  // A CommonJS package: its types name a default export inside what is the function itself.
  const camera = jsQR as unknown as typeof jsQR.default;
  return camera(new Uint8ClampedArray(data), width, height)?.data;
}
