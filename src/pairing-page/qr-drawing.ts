import QRCode from 'qrcode';

/** Modules of white around a code, as ISO/IEC 18004 asks for. */
const QUIET_ZONE = 4;

/** A QR code for an SVG: the page may show it at any size, and needs neither a picture nor foreign markup for it. */
export interface QrDrawing {
  /** Width and height in modules, with the quiet zone: the view box is `0 0 size size`. */
  readonly size: number;
  /** Path data of the dark modules. */
  readonly path: string;
}

/** Draws a code. On a screen nothing is dirty or torn: the weakest correction gives the biggest modules. */
export function drawQr(content: string): QrDrawing {
  const { modules } = QRCode.create(content, { errorCorrectionLevel: 'L' });
  let path = '';
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      if (!modules.get(row, column)) continue;
      const start = column;
      while (column + 1 < modules.size && modules.get(row, column + 1)) column += 1;
      const width = column + 1 - start;
      path += `M${start + QUIET_ZONE} ${row + QUIET_ZONE}h${width}v1h-${width}z`;
    }
  }
  return { size: modules.size + 2 * QUIET_ZONE, path };
}
