import QRCode from 'qrcode';

/** Big enough for a phone in front of a screen, small enough for a chat: about 500 pixels for a payload of WhatsApp. */
const OPTIONS = { type: 'png', errorCorrectionLevel: 'M', margin: 4, scale: 8 } as const;

/** The picture of a QR code, as a PNG. */
export function qrPicture(content: string): Promise<Buffer> {
  return QRCode.toBuffer(content, OPTIONS);
}
