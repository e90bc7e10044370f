const SAMPLE_BYTES = 400;

/** Returns the text of a file in UTF-8 or UTF-16, as Windows programs write both. Throws an Error for any other encoding. */
export async function readText(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new Error('This is text in neither UTF-8 nor UTF-16. Save it in UTF-8, and try again.');
  }
}

/** Tells UTF-16 by its mark, or by the zeros in every other byte of Latin letters, as the command line does. */
function encodingOf(bytes: Uint8Array): string {
  const mark = `${bytes[0]},${bytes[1]}`;
  if (mark === '255,254') return 'utf-16le';
  if (mark === '254,255') return 'utf-16be';
  const head = bytes.subarray(0, SAMPLE_BYTES);
  const zeros = (parity: number) => head.filter((byte, index) => index % 2 === parity && byte === 0).length;
  const most = head.length * 0.35; // 7 of 10 in every other byte
  if (head.length >= 8 && zeros(1) >= most && zeros(0) === 0) return 'utf-16le';
  if (head.length >= 8 && zeros(0) >= most && zeros(1) === 0) return 'utf-16be';
  return 'utf-8';
}
